import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'

const directory = mkdtempSync(join(tmpdir(), 'signet-store-'))
after(() => rmSync(directory, { recursive: true, force: true }))

let count = 0

/** A path for a database that nobody has used; what is there in the end is removed after the tests of the file. */
export function temporaryFile(): string {
  count += 1
  return join(directory, `signet-${count}.db`)
}
