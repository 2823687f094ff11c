import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseDocument } from 'yaml'
import { InvalidConfig } from './problems.ts'

const PEM = '-----BEGIN '

/** The configuration file itself, as data. */
export function readDocument(path: string): unknown {
  const file = readBytes(resolve(path), { path, setting: 'the configuration file' })
  return parseText(file.toString(), path)
}

/**
 * YAML, or JSON, which is YAML too.
 *
 * @throws InvalidConfig naming `source` when it is neither.
 */
export function parseText(text: string, source: string): unknown {
  const document = parseDocument(text, { uniqueKeys: true })
  if (document.errors.length > 0) {
    throw new InvalidConfig(source, document.errors.map(saidOf))
  }
  try {
    return document.toJS({ maxAliasCount: 100 }) ?? {}
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error
    const problem = 'an alias has no anchor, or would unfold without end; what begins with * is one'
    throw new InvalidConfig(source, [problem])
  }
}

/** Where it is and why, without what stands there: that may be a secret. */
function saidOf({ message }: Error): string {
  const [line = ''] = message.split('\n', 1)
  return line.replace(/ in YAML stream: .*(?= at line)/, '')
}

/** Where a file is named: in which configuration file, by which setting. */
export interface Named {
  readonly path: string
  readonly setting: string
}

/**
 * A PEM file named in the configuration, relative to it; or the PEM itself, as `SIGNET_…_FILE` brings it. Tools write other
 * lines before a key, and that must not make a file name of it, which would be told.
 */
export function readPem(name: string, at: Named): string {
  return isPem(name) ? name : readBytes(name, at).toString()
}

/** Whether it is what would be in a file, and not the name of one. */
export function isPem(name: string): boolean {
  return name.includes(PEM)
}

/**
 * A file named in the configuration, relative to it.
 *
 * @throws InvalidConfig when it cannot be read.
 */
export function readBytes(name: string, { path, setting }: Named): Buffer {
  if (/[\r\n]/.test(name)) {
    throw new InvalidConfig(path, [`${setting}: is not the name of a file`])
  }
  const file = resolve(dirname(path), name)
  try {
    return readFileSync(file)
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new InvalidConfig(path, [`${setting}: ${file} cannot be read (${reason})`])
  }
}
