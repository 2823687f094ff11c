import { fixedClock, sampleGrant } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withClient } from './connection.ts'
import { migrate, type Schema } from './migration.ts'
import { openPostgres } from './open-postgres.ts'
import { SIGNET } from './schema.ts'
import { serverForTests } from './testing/databases.ts'

const ISSUER = 'https://as.example'
const NOW = 1_800_000_000
const server = await serverForTests({ fsync: false })

/** Of the versions there are, in order: a database that has one of them knows it by this. */
const CHECKSUMS: readonly string[] = [
  'Z354hevu-iiHsR58Ag5F-RCY7UWHiikPiEj6GLA5XnQ',
  'Kq8vDfWHXe9WA3EM834LsysETzVhrPn1TmV6rmfmGaY',
]

/** A database as a release before had made it. */
async function databaseOf(version: number): Promise<string> {
  const url = await server.createDatabase()
  const schema: Schema = { ...SIGNET, migrations: SIGNET.migrations.slice(0, version) }
  await withClient({ server: url }, (client) => migrate(client, schema, NOW))
  return url
}

test('no version that databases have is made in another way later', async () => {
  const url = await databaseOf(SIGNET.migrations.length)
  const history = await server.execute(
    url,
    'SELECT checksum FROM signet.migrations ORDER BY version',
  )
  assert.deepEqual(
    history.map(({ checksum }) => checksum),
    CHECKSUMS,
  )
})

test('a database of every release before is brought up to date, and keeps what it has', async () => {
  const grants = [sampleGrant(), sampleGrant({ id: 'another' })]
  for (let version = 1; version < SIGNET.migrations.length; version += 1) {
    const url = await databaseOf(version)
    await server.execute(url, `INSERT INTO signet.services (issuer) VALUES ('${ISSUER}')`)
    for (const grant of grants) {
      const { subject } = grant.authorization
      await server.execute(
        url,
        `INSERT INTO signet.grants (service, key, ends, subject, data)
         VALUES (1, '${grant.id}', ${grant.expiresAt}, '${subject}', '${JSON.stringify(grant)}')`,
      )
    }
    const options = { server: url, clock: fixedClock(), retention: 86_400 }
    const database = await openPostgres({ ...options, migrate: true })
    const { subject } = sampleGrant().authorization
    assert.deepEqual(await database.store(ISSUER).grants.ofSubject(subject), grants)
    await database.close()
  }
})

test('what is of a user is found without reading what is of others', async () => {
  const url = await databaseOf(SIGNET.migrations.length)
  for (const table of ['codes', 'grants', 'sessions']) {
    await server.execute(
      url,
      `INSERT INTO signet.${table} (service, key, ends, subject, data)
       SELECT 1, n::text, n, 'user ' || n, '{}' FROM generate_series(1, 2000) n`,
    )
    await server.execute(url, `ANALYZE signet.${table}`)
    const plan = await server.execute(
      url,
      `EXPLAIN SELECT data FROM signet.${table} WHERE service = 1 AND subject = 'user 7' ORDER BY ends`,
    )
    assert.match(JSON.stringify(plan), new RegExp(`Scan using ${table}_by_subject`))
  }
})
