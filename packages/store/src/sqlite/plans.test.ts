import { fixedClock } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openFile } from './open-sqlite.ts'
import { temporaryFile } from './testing/temporary-file.ts'

/** They do not grow with use, and those of users and clients are listed as a whole. */
const READ_AS_A_WHOLE = [
  'audit_chains',
  'clients',
  'keys',
  'schema_version',
  'sqlite_master',
  'users',
]

test('no statement reads every row of a table that grows, or of what one service has in it', (t) => {
  const path = temporaryFile()
  openFile(path, fixedClock()).connection.close()
  const prepare = t.mock.method(DatabaseSync.prototype, 'prepare')
  const { connection } = openFile(path, fixedClock())
  t.after(() => connection.close())
  const statements = prepare.mock.calls.map((call) => call.arguments[0].trim())
  const whole = new Set<string>()
  for (const sql of statements.filter((each) => /^(SELECT|UPDATE|DELETE)/.test(each))) {
    for (const { detail } of connection.prepare(`EXPLAIN QUERY PLAN ${sql}`).all()) {
      const [, table] =
        /^SCAN (\w+)/.exec(String(detail)) ??
        /^SEARCH (\w+) USING .*\(service=\?\)/.exec(String(detail)) ??
        []
      if (table !== undefined) whole.add(table)
    }
  }
  assert.deepEqual([...whole].toSorted(), READ_AS_A_WHOLE)
})
