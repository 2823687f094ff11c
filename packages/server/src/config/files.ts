import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { InvalidConfig } from './problems.ts'

const PEM = '-----BEGIN '

/** The configuration file itself. */
export function readSource(path: string): string {
  return contents(path, { path, setting: 'the configuration file' })
}

/** A PEM file named in the configuration, relative to it; or the PEM itself, as `SIGNET_…_FILE` brings it. */
export function readPem(
  name: string,
  at: { readonly path: string; readonly setting: string },
): string {
  return name.startsWith(PEM) ? name : contents(resolve(dirname(at.path), name), at)
}

function contents(
  file: string,
  { path, setting }: { readonly path: string; readonly setting: string },
): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new InvalidConfig(path, [`${setting}: ${file} cannot be read (${reason})`])
  }
}
