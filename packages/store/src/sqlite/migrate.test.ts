import { fixedClock, sampleGrant } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { SchemaRefused } from '../schema-refused.ts'
import { migrate, type Migration } from './migrate.ts'
import { openSqlite } from './open-sqlite.ts'
import { MIGRATIONS } from './schema.ts'
import { temporaryFile } from './testing/temporary-file.ts'

const OPTIONS = { clock: fixedClock(), retention: 86_400 }

const NEXT: Migration = {
  name: 'grants have a note',
  sql: "ALTER TABLE grants ADD COLUMN note TEXT NOT NULL DEFAULT 'of the version before'",
}

/** Changes a file behind the back of this release. */
function tamper(path: string, change: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(path)
  change(database)
  database.close()
}

async function filledFile(): Promise<string> {
  const path = temporaryFile()
  const database = openSqlite(path, OPTIONS)
  await database.store('https://as.example').grants.put(sampleGrant())
  database.close()
  return path
}

test('a migration from the version before keeps the data', async () => {
  const path = await filledFile()
  tamper(path, (database) => {
    migrate(database, [...MIGRATIONS, NEXT])
    const row = database.prepare('SELECT data, note FROM grants').get()
    assert.deepEqual(JSON.parse(String(row?.['data'])), sampleGrant())
    assert.equal(row?.['note'], 'of the version before')
    migrate(database, [...MIGRATIONS, NEXT])
  })
})

test('a file of the first release is brought to this one, and keeps its data', async () => {
  const path = temporaryFile()
  const { status: _, ...grant } = sampleGrant()
  tamper(path, (database) => {
    migrate(database, MIGRATIONS.slice(0, 1))
    database.exec("INSERT INTO services (issuer) VALUES ('https://as.example')")
    database
      .prepare('INSERT INTO grants (id, service, key, data) VALUES (?, 1, ?, ?)')
      .run(grant.expiresAt * 2 ** 20, grant.id, JSON.stringify(grant))
  })
  const database = openSqlite(path, OPTIONS)
  const store = database.store('https://as.example')
  assert.deepEqual(await store.grants.get(grant.id), grant)
  assert.equal(await store.grants.replaceStatus(grant.id, { from: undefined, to: 4 }), 4)
  assert.equal(await store.statusLists.take(1), 0)
  database.close()
})

test('a migration that fails leaves the version before, whole', async () => {
  const path = await filledFile()
  const failing = { name: 'fails', sql: `${NEXT.sql}; CREATE TABLE grants (id INTEGER)` }
  tamper(path, (database) => assert.throws(() => migrate(database, [...MIGRATIONS, failing])))
  const database = openSqlite(path, OPTIONS)
  const grant = await database.store('https://as.example').grants.get(sampleGrant().id)
  assert.deepEqual(grant, sampleGrant())
  database.close()
})

test('a schema newer than this release is refused, with what to do', async () => {
  const path = await filledFile()
  tamper(path, (database) => migrate(database, [...MIGRATIONS, NEXT]))
  assert.throws(
    () => openSqlite(path, OPTIONS),
    (error) =>
      error instanceof SchemaRefused &&
      error.message.includes(`schema version ${MIGRATIONS.length + 1}`) &&
      error.message.includes('newer release'),
  )
})

test('a schema with another history is refused', async () => {
  const path = await filledFile()
  tamper(path, (database) => database.exec("UPDATE schema_version SET checksum = 'other'"))
  assert.throws(() => openSqlite(path, OPTIONS), SchemaRefused)
})

test('a gap in the history is refused', async () => {
  const path = await filledFile()
  tamper(path, (database) => database.exec('UPDATE schema_version SET version = version + 7'))
  assert.throws(() => openSqlite(path, OPTIONS), SchemaRefused)
})

test('a database of somebody else is refused, and not touched', () => {
  const path = temporaryFile()
  tamper(path, (database) => database.exec('CREATE TABLE theirs (id INTEGER)'))
  const before = readFileSync(path)
  assert.throws(() => openSqlite(path, OPTIONS), /not one of Signet/)
  assert.deepEqual(readFileSync(path), before)
})

test('a file that is no database is refused, and not touched', () => {
  const path = temporaryFile()
  writeFileSync(path, 'issuer: https://as.example\n'.repeat(100))
  const before = readFileSync(path)
  assert.throws(() => openSqlite(path, OPTIONS), /not a database/)
  assert.deepEqual(readFileSync(path), before)
})
