import { checkChain, type AuditEvent, type AuditStream, type Store } from '@signet/engine'
import { fixedClock, sampleAuditEvent, sampleGrant } from '@signet/engine/testing'
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

test('events of before the chains get a place in them, in their order, and keep their names', async () => {
  const path = temporaryFile()
  const event = (id: string, change: Partial<AuditEvent> = {}): AuditEvent =>
    sampleAuditEvent({ id, ...change })
  const unauthenticated = true
  tamper(path, (database) => {
    migrate(database, MIGRATIONS.slice(0, 3))
    database.exec(
      "INSERT INTO services (issuer) VALUES ('https://as.example'), ('https://other.example')",
    )
    const trusted = database.prepare(
      'INSERT INTO audit (id, service, key, data) VALUES (?, ?, ?, ?)',
    )
    const rows: readonly (readonly [number, number, AuditEvent])[] = [
      [3, 1, event('third')],
      [1, 1, event('first')],
      [2, 2, event('of the other')],
      // Before there was a table for them.
      [4, 1, event('old flood', { unauthenticated })],
    ]
    for (const [id, service, each] of rows)
      trusted.run(id * 2 ** 20, service, each.id, JSON.stringify(each))
    const flood = database.prepare(
      'INSERT INTO unauthenticated_audit (id, service, key, at, data) VALUES (?, 1, ?, 0, ?)',
    )
    for (const [id, each] of [
      event('flood', { unauthenticated }),
      event('first', { unauthenticated }),
    ].entries())
      flood.run(id + 7, each.id, JSON.stringify(each))
  })
  const database = openSqlite(path, OPTIONS)
  const store = database.store('https://as.example')
  await store.audit.record(event('new'))
  await store.audit.record(event('new flood', { unauthenticated }))
  assert.deepEqual(await idsOf(store, 'trusted'), ['first', 'third', 'new'])
  assert.deepEqual(await idsOf(store, 'strangers'), ['old flood', 'flood', 'new flood'])
  assert.deepEqual(await idsOf(database.store('https://other.example'), 'trusted'), [
    'of the other',
  ])
  assert.deepEqual(await store.audit.find('first'), event('first'))
  database.close()
})

/** What a stream holds, when it is a chain. */
async function idsOf(
  { audit }: Store,
  stream: AuditStream,
): Promise<readonly (string | undefined)[]> {
  assert.deepEqual((await checkChain(audit, stream)).breaks, [])
  const records = await audit.read({ stream, after: 0, limit: 100 })
  return records.map(({ text }) => /"id":"([^"]*)","kind"/.exec(text)?.[1])
}

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
