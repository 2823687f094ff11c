import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where Debian puts the servers, one directory for each version. */
const DEBIAN = '/usr/lib/postgresql'

/**
 * The directory that holds `postgres` and `initdb`, the newest there is.
 *
 * @throws Error saying how to install it.
 */
export function serverBinaries(): string {
  const candidates = [...versionsOf(DEBIAN), ...(process.env['PATH'] ?? '').split(delimiter)]
  const found = candidates.find((directory) => isRunnable(join(directory, 'initdb')))
  if (found !== undefined) return found
  throw new Error(
    'this test runs a real PostgreSQL, and none is installed: apt-get install postgresql',
  )
}

/** @throws Error saying how to install it. */
export function pgBouncerBinary(): string {
  const candidates = ['/usr/sbin', ...(process.env['PATH'] ?? '').split(delimiter)]
  const found = candidates.map((each) => join(each, 'pgbouncer')).find(isRunnable)
  if (found !== undefined) return found
  throw new Error(
    'this test runs a real PgBouncer, and none is installed: apt-get install pgbouncer',
  )
}

function versionsOf(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
      .toSorted((one, other) => Number(other) - Number(one))
      .map((version) => join(directory, version, 'bin'))
  } catch {
    return []
  }
}

function isRunnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
