import { SessionsUnavailable } from '@signet/bff'
import { sampleSession, sessionStoreContract } from '@signet/bff/testing'
import { fixedClock } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { SchemaRefused } from '../schema-refused.ts'
import { openSqliteSessions } from './bff-sessions.ts'
import { openSqlite } from './open-sqlite.ts'
import { temporaryFile } from './testing/temporary-file.ts'

sessionStoreContract('SQLite', () => {
  const path = temporaryFile()
  const one = openSqliteSessions(path)
  const other = openSqliteSessions(path)
  return {
    one,
    other,
    close: () => {
      one.close()
      other.close()
    },
  }
})

test('sessions outlive the process, in a file for its owner only', async () => {
  const path = temporaryFile()
  const before = openSqliteSessions(path)
  await before.create(sampleSession())
  before.close()
  const after = openSqliteSessions(path)
  assert.deepEqual(await after.get('a digest'), sampleSession())
  after.close()
  assert.equal(statSync(path).mode & 0o777, 0o600)
})

test('says that the store is unavailable, not that there is no session', async () => {
  const sessions = openSqliteSessions(temporaryFile())
  sessions.close()
  await assert.rejects(sessions.get('a digest'), SessionsUnavailable)
  await assert.rejects(sessions.take('a login', 0), SessionsUnavailable)
})

test('leaves the file of an authorization server alone', () => {
  const path = temporaryFile()
  openSqlite(path, { clock: fixedClock(0), retention: 1 }).close()
  assert.throws(() => openSqliteSessions(path), SchemaRefused)
  const database = new DatabaseSync(path)
  assert.equal(
    database.prepare("SELECT 1 FROM sqlite_schema WHERE name LIKE 'bff%'").get(),
    undefined,
  )
  database.close()
})

test('goes on when a newer release opens the file and adds a column', async () => {
  const path = temporaryFile()
  const sessions = openSqliteSessions(path)
  await sessions.create(sampleSession({ id: 'before' }))
  const newer = new DatabaseSync(path)
  newer.exec('ALTER TABLE bff_sessions ADD COLUMN note TEXT')
  newer.close()
  await sessions.create(sampleSession())
  for (const id of ['before', 'a digest']) {
    assert.deepEqual(await sessions.get(id), sampleSession({ id }))
  }
  sessions.close()
})
