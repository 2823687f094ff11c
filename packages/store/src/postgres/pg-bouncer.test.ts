import { StoreUnavailable } from '@signet/engine'
import { fixedClock, sampleCode, storeContract } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { applyMigrations, migrationStatus } from './migrations.ts'
import { openPostgres } from './open-postgres.ts'
import { databaseOf, databaseWith, openedStores, serverForTests } from './testing/databases.ts'
import { startPgBouncer } from './testing/pg-bouncer.ts'

const ISSUER = 'https://as.example'
const server = await serverForTests({ fsync: false })
const emptyDatabase = await databaseWith(server, 'signet')
const bouncer = await startPgBouncer(server)
after(() => bouncer.dispose())

/** The same database, behind PgBouncer. */
function behind(url: string): string {
  return bouncer.url(databaseOf(url))
}

storeContract('PostgreSQL behind PgBouncer', async (clock, { unauthenticated }) => {
  const url = behind(await emptyDatabase())
  const options = { server: url, prepare: false, connections: 4, clock }
  return openedStores({ ...options, retention: 86_400, unauthenticated })
})

test('migrations go through PgBouncer, from several processes at once', async () => {
  const connection = { server: behind(await server.createDatabase()) }
  const done = await Promise.all([1, 2, 3].map(() => applyMigrations(connection, 1_800_000_000)))
  const { applied, pending } = await migrationStatus(connection)
  assert.equal(done.flat().length, applied.length)
  assert.deepEqual(pending, [])
})

test('what many ask at once is answered to whom it was asked by', async () => {
  const database = await openPostgres({
    server: behind(await emptyDatabase()),
    prepare: false,
    clock: fixedClock(),
    retention: 86_400,
  })
  const { codes } = database.store(ISSUER)
  const digests = Array.from({ length: 300 }, (_, index) => `code ${index}`)
  await Promise.all(digests.map((digest) => codes.put(sampleCode({ digest }))))
  const found = await Promise.all(digests.map((digest) => codes.peek(digest)))
  assert.deepEqual(
    found.map((code) => code?.digest),
    digests,
  )
  const twice = [...digests, ...digests].map((digest) => codes.redeem(digest))
  const wins = (await Promise.all(twice)).filter(Boolean)
  assert.equal(wins.length, digests.length)
  await database.close()
})

test('statements with names are not for PgBouncer, which shows when the store is opened, with what to do', async () => {
  const database = await emptyDatabase()
  const opening = (url: string): Promise<unknown> =>
    openPostgres({ server: url, clock: fixedClock(), retention: 86_400 })
  await assert.rejects(opening(behind(database)), refusedWith(/unsupported startup parameter/))
  for (const pool_mode of ['transaction', 'session']) {
    const lenient = await startPgBouncer(server, {
      pool_mode,
      ignore_startup_parameters: 'statement_timeout',
    })
    after(() => lenient.dispose())
    const url = lenient.url(databaseOf(database))
    await assert.rejects(opening(url), refusedWith(/somebody else answers/))
  }
})

function refusedWith(said: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof StoreUnavailable)
    assert.match(error.message, said)
    assert.match(error.message, /set prepared_statements to false$/)
    return true
  }
}
