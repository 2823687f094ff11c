import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { InvalidConfig } from './problems.ts'

/** 32 bytes in base64url. */
const KEY = /^[\w-]{43}=?$/

/**
 * Master keys, one on each line: of a file that is named relative to the configuration file, or the lines themselves, as
 * `SIGNET_MASTER_KEY_FILE` brings them.
 *
 * @throws InvalidConfig without a word of what was given: it may be a key with a mistake.
 */
export function readMasterKeys(given: string, path: string): readonly Buffer[] {
  const keys = keysIn(given) ?? keysIn(contentOf(resolve(dirname(path), given.trim())))
  if (keys !== undefined) return keys
  throw new InvalidConfig(path, [
    'master_key: neither holds nor names a file with master keys, 32 bytes in base64url on each line; signet keys master makes one',
  ])
}

function keysIn(text: string): readonly Buffer[] | undefined {
  const words = text.split(/\s+/).filter((word) => word !== '')
  if (words.length === 0 || !words.every((word) => KEY.test(word))) return undefined
  return words.map((word) => Buffer.from(word, 'base64url'))
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
