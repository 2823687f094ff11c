import { fixedClock } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openSqliteSessions } from './bff-sessions.ts'
import { openSqliteReplay } from './guard-replay.ts'
import { openSqlite } from './open-sqlite.ts'
import { temporaryFile } from './testing/temporary-file.ts'

const FULL = 2

const OPENERS: Readonly<Record<string, (path: string) => { close(): void }>> = {
  'an authorization server': (path) => openSqlite(path, { clock: fixedClock(), retention: 1 }),
  'the guards of an API': (path) =>
    openSqliteReplay(path, { resource: 'https://api.example', now: () => 1 }),
  'a BFF': openSqliteSessions,
}

for (const [whose, open] of Object.entries(OPENERS)) {
  test(`PKJ-06 DPOP-PRF-15 a power cut takes nothing back from ${whose}: every commit waits for the disk`, (t) => {
    const prepare = t.mock.method(DatabaseSync.prototype, 'prepare')
    const opened = open(temporaryFile())
    t.after(() => opened.close())
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- whoever is asked to prepare a statement is one
    const databases = new Set(prepare.mock.calls.map((call) => call.this as DatabaseSync))
    assert.equal(databases.size, 1)
    for (const database of databases) {
      assert.equal(database.prepare('PRAGMA synchronous').get()?.['synchronous'], FULL)
      assert.equal(database.prepare('PRAGMA journal_mode').get()?.['journal_mode'], 'wal')
    }
  })
}
