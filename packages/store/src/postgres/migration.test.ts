import { StoreUnavailable } from '@signet/engine'
import { fixedClock, sampleCode, sampleGrant } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SchemaRefused } from '../schema-refused.ts'
import { withClient } from './connection.ts'
import { migrate, requireSchema, type Migration, type Schema } from './migration.ts'
import { applyMigrations, migrationStatus, planMigrations } from './migrations.ts'
import { openPostgres, type PostgresDatabase } from './open-postgres.ts'
import { SIGNET } from './schema.ts'
import { serverForTests } from './testing/databases.ts'

const ISSUER = 'https://as.example'
const NOW = 1_800_000_000
const VERSION = SIGNET.migrations.length
const server = await serverForTests({ fsync: false })

const EXPAND: Migration = {
  name: 'grants have a note',
  phase: 'expand',
  sql: "ALTER TABLE signet.grants ADD COLUMN note text NOT NULL DEFAULT 'of the version before'",
}

const CONTRACT: Migration = {
  name: 'interactions are kept elsewhere',
  phase: 'contract',
  sql: 'DROP TABLE signet.interactions',
}

/** What another release knows. */
function schemaWith(...more: readonly Migration[]): Schema {
  return { ...SIGNET, migrations: [...SIGNET.migrations, ...more] }
}

function migrateTo(url: string, schema: Schema): Promise<readonly { readonly version: number }[]> {
  return withClient({ server: url }, (client) => migrate(client, schema, NOW))
}

function requireOf(url: string, schema: Schema): Promise<void> {
  return withClient({ server: url }, (client) => requireSchema(client, schema))
}

function open(
  url: string,
  options: { readonly migrate?: boolean } = {},
): Promise<PostgresDatabase> {
  return openPostgres({ server: url, clock: fixedClock(), retention: 86_400, ...options })
}

async function filledDatabase(): Promise<string> {
  const url = await server.createDatabase()
  const database = await open(url, { migrate: true })
  await database.store(ISSUER).grants.put(sampleGrant())
  await database.close()
  return url
}

async function requireGrant(url: string): Promise<void> {
  const database = await open(url)
  assert.deepEqual(await database.store(ISSUER).grants.get(sampleGrant().id), sampleGrant())
  await database.close()
}

test('a plan says what would be done, and does nothing', async () => {
  const connection = { server: await server.createDatabase() }
  const plan = await planMigrations(connection)
  assert.deepEqual(
    plan.map(({ version, name, sql }) => ({ version, name, sql })),
    SIGNET.migrations.map(({ name, sql }, index) => ({ version: index + 1, name, sql })),
  )
  assert.deepEqual(await planMigrations(connection), plan)
  const schemas = "SELECT FROM pg_namespace WHERE nspname LIKE 'signet%'"
  assert.equal((await server.execute(connection.server, schemas)).length, 0)
})

test('what was applied is told with its time, and applied no more', async () => {
  const connection = { server: await server.createDatabase() }
  const applied = await applyMigrations(connection, NOW)
  assert.equal(applied.length, VERSION)
  assert.deepEqual(await applyMigrations(connection, NOW + 60), [])
  const status = await migrationStatus(connection)
  assert.deepEqual(status.pending, [])
  assert.equal(status.newer, 0)
  assert.deepEqual(status.applied[0], {
    version: 1,
    name: 'the first schema',
    phase: 'expand',
    appliedAt: NOW,
  })
  assert.equal((await planMigrations(connection, 'signet_guard')).length, 1)
})

test('of many who apply at once each step is taken by one', async () => {
  const url = await server.createDatabase()
  const schema = schemaWith(EXPAND, CONTRACT)
  const done = await Promise.all(Array.from({ length: 6 }, () => migrateTo(url, schema)))
  assert.deepEqual(
    done
      .flat()
      .map(({ version }) => version)
      .toSorted((one, other) => one - other),
    Array.from({ length: VERSION + 2 }, (_, index) => index + 1),
  )
})

test('a schema that is too old is refused with what to do, or brought up to date when asked to', async () => {
  const url = await server.createDatabase()
  await assert.rejects(open(url), (error) => {
    assert.ok(error instanceof SchemaRefused)
    assert.match(
      error.message,
      new RegExp(`has version 0, this release of Signet needs ${VERSION}`),
    )
    assert.match(error.message, /signet migrate --apply/)
    return true
  })
  const database = await open(url, { migrate: true })
  await database.check()
  await database.close()
  await (await open(url)).close()
})

test('the release before goes on working while the schema is expanded, and after it', async () => {
  const url = await filledDatabase()
  const before = await open(url)
  const { codes, grants } = before.store(ISSUER)
  const migrated = new AbortController()
  const working = (async (): Promise<number> => {
    let count = 0
    for (; !migrated.signal.aborted || count < 100; count += 1) {
      const digest = `code ${count}`
      await codes.put(sampleCode({ digest }))
      assert.equal(await codes.redeem(digest), true)
      await grants.put(sampleGrant({ id: digest }))
      assert.equal((await grants.get(digest))?.id, digest)
    }
    return count
  })()
  await migrateTo(url, schemaWith(EXPAND))
  migrated.abort()
  assert.ok((await working) >= 100)
  await before.close()
  await requireGrant(url)
  const { newer } = await migrationStatus({ server: url })
  assert.equal(newer, 1)
  const notes = await server.execute(url, 'SELECT DISTINCT note FROM signet.grants')
  assert.deepEqual(notes, [{ note: 'of the version before' }])
})

test('a schema from which a newer release took something is refused, with what to do', async () => {
  const url = await filledDatabase()
  await migrateTo(url, schemaWith(EXPAND, CONTRACT))
  await assert.rejects(open(url), (error) => {
    assert.ok(error instanceof SchemaRefused)
    assert.match(error.message, new RegExp(`version ${VERSION + 2}`))
    assert.match(error.message, /newer release/)
    return true
  })
})

test('what a release only takes away may wait until nobody needs it', async () => {
  const url = await filledDatabase()
  await requireOf(url, schemaWith(CONTRACT))
  await assert.rejects(requireOf(url, schemaWith(EXPAND)), SchemaRefused)
})

test('a migration that fails, or does not get its lock, leaves the version before, whole', async () => {
  const url = await filledDatabase()
  const failing = { ...EXPAND, sql: `${EXPAND.sql}; CREATE TABLE signet.grants (id integer)` }
  await assert.rejects(migrateTo(url, schemaWith(failing)), /already exists/)
  await requireGrant(url)
  const impatient = { ...EXPAND, sql: `SET LOCAL lock_timeout = '20ms'; ${EXPAND.sql}` }
  await withClient({ server: url }, async (reader) => {
    await reader.query('BEGIN; SELECT FROM signet.grants')
    await assert.rejects(migrateTo(url, schemaWith(impatient)), StoreUnavailable)
  })
  assert.equal((await migrationStatus({ server: url })).applied.length, VERSION)
  await migrateTo(url, schemaWith(impatient))
  await requireGrant(url)
})

test('who waits to migrate goes on when the one before is gone', async () => {
  const url = await server.createDatabase()
  await withClient({ server: url }, async (holder) => {
    await holder.query(
      "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('migrations of signet', 0))",
    )
    const migrating = migrateTo(url, SIGNET)
    const waits = "FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    while ((await server.execute(url, `SELECT ${waits}`)).length === 0);
    await server.execute(
      url,
      `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted`,
    )
    assert.equal((await migrating).length, VERSION)
  })
})

test('a migration whose machine vanishes keeps nobody waiting for ever', async () => {
  const url = await filledDatabase()
  const noting = { ...EXPAND, sql: `CREATE TABLE signet.noted AS SELECT ${IDLE}` }
  await migrateTo(url, schemaWith(noting))
  assert.deepEqual(await server.execute(url, 'SELECT * FROM signet.noted'), [{ idle: '1min' }])
})

const IDLE = "current_setting('idle_in_transaction_session_timeout') AS idle"

test('a schema with another history is refused', async () => {
  const url = await filledDatabase()
  await server.execute(url, "UPDATE signet.migrations SET checksum = 'other'")
  await assert.rejects(open(url), SchemaRefused)
  await assert.rejects(open(url, { migrate: true }), SchemaRefused)
  await assert.rejects(migrationStatus({ server: url }), /is not the one this release/)
})

test('a gap in the history is refused', async () => {
  const url = await filledDatabase()
  await server.execute(url, 'UPDATE signet.migrations SET version = version + 7')
  await assert.rejects(open(url, { migrate: true }), SchemaRefused)
})

test('a schema of somebody else is refused, and not touched', async () => {
  const url = await server.createDatabase()
  await server.execute(url, 'CREATE SCHEMA signet; CREATE TABLE signet.theirs (id integer)')
  await assert.rejects(open(url, { migrate: true }), /not one of Signet/)
  const tables = await server.execute(url, "SELECT FROM pg_tables WHERE schemaname = 'signet'")
  assert.equal(tables.length, 1)
})

test('who may not make a schema can use one that was made', async () => {
  const url = await server.createDatabase()
  const asClerk = url.replace('signet@', 'clerk@')
  await server.execute(url, 'CREATE ROLE clerk LOGIN')
  await assert.rejects(applyMigrations({ server: asClerk }, NOW), /permission denied/)
  await server.execute(url, 'CREATE SCHEMA signet AUTHORIZATION clerk')
  await applyMigrations({ server: asClerk }, NOW)
  const database = await open(asClerk)
  await database.check()
  await database.close()
})
