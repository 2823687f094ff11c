/**
 * Prints the CPU that the store's part of a whole flow costs:
 *
 *     node --conditions=source packages/store/src/sqlite/testing/measure.ts [prefilled flows]
 */
import { createMemoryStore, fixedClock } from '@signet/engine/testing'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { measure } from '../../testing/measure.ts'
import { openSqlite } from '../index.ts'

const prefilled = Number(process.argv[2] ?? 0)
const clock = fixedClock()
const directory = mkdtempSync(join(tmpdir(), 'signet-measure-'))
const database = openSqlite(join(directory, 'signet.db'), { clock, retention: 86_400 })
try {
  await measure('memory', createMemoryStore(clock), prefilled)
  await measure('sqlite', database.store('https://as.example'), prefilled)
} finally {
  database.close()
  rmSync(directory, { recursive: true })
}
