import { StoreUnavailable, type Store } from '@signet/engine'
import { fixedClock, sampleCode, sampleOpaqueToken } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { Client } from 'pg'
import { unavailable } from './failure.ts'
import { openPostgres, type PostgresDatabase, type PostgresOptions } from './open-postgres.ts'
import { serverForTests } from './testing/databases.ts'
import type { TestServer } from './testing/server.ts'

const ISSUER = 'https://as.example'
const CODE = sampleCode()

async function open(
  url: string,
  options: Partial<PostgresOptions> = {},
): Promise<PostgresDatabase> {
  const database = await openPostgres({
    server: url,
    clock: fixedClock(),
    retention: 86_400,
    migrate: true,
    connections: 3,
    ...options,
  })
  after(() => database.close())
  return database
}

interface Opened {
  readonly url: string
  readonly database: PostgresDatabase
  readonly store: Store
}

async function openOn(server: TestServer, options?: Partial<PostgresOptions>): Promise<Opened> {
  const url = await server.createDatabase()
  const database = await open(url, options)
  const store = database.store(ISSUER)
  await store.codes.put(CODE)
  return { url, database, store }
}

/** Every way to ask: none may answer while the server cannot. */
async function requireUnavailable({ store, database }: Opened): Promise<void> {
  await assert.rejects(store.codes.peek(CODE.digest), StoreUnavailable)
  await assert.rejects(store.revocations.anyOf(['grant']), StoreUnavailable)
  await requireNoWrites({ store, database })
}

async function requireNoWrites({
  store,
  database,
}: Pick<Opened, 'store' | 'database'>): Promise<void> {
  await assert.rejects(store.codes.redeem(CODE.digest), StoreUnavailable)
  const marks = [{ digest: 'proof', until: 1_900_000_000 }]
  await assert.rejects(store.replay.first(marks), StoreUnavailable)
  await assert.rejects(store.codes.put(CODE), (error) => {
    assert.ok(error instanceof StoreUnavailable)
    assert.ok(error.retryAfter > 0)
    return true
  })
  await assert.rejects(database.sweep(10), StoreUnavailable)
  await assert.rejects(database.check(), StoreUnavailable)
}

/** A transaction that holds the code, so that whoever wants to redeem it has to wait. */
async function holdCode(url: string): Promise<Client> {
  const holder = new Client({ connectionString: url })
  holder.on('error', () => undefined)
  await holder.connect()
  await holder.query('BEGIN')
  await holder.query('SELECT FROM signet.codes FOR UPDATE')
  return holder
}

const BACKENDS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'signet'"
const WAITING = "FROM pg_stat_activity WHERE wait_event_type = 'Lock'"

/** Resolves when somebody waits for a lock. */
async function somebodyWaits(server: TestServer, url: string): Promise<void> {
  while ((await server.execute(url, `SELECT ${WAITING}`)).length === 0);
}

test('a name with several addresses, of which none answers, is not told without a word', () => {
  const refused = Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' })
  assert.match(unavailable(refused).message, /: ECONNREFUSED$/)
})

describe('a server that', async () => {
  const server = await serverForTests({ fsync: false })

  test('is stopped is unavailable until it is back', async () => {
    const opened = await openOn(server)
    await server.stop()
    await requireUnavailable(opened)
    await assert.rejects(open(opened.url), StoreUnavailable)
    await server.start()
    assert.equal(await opened.store.codes.redeem(CODE.digest), true)
    await opened.database.check()
  })

  test('ends the connection of somebody who waits did not do what was asked', async () => {
    const { url, store } = await openOn(server)
    const holder = await holdCode(url)
    const waiting = store.codes.redeem(CODE.digest)
    waiting.catch(() => undefined)
    await somebodyWaits(server, url)
    await server.execute(url, `SELECT pg_terminate_backend(pid) ${WAITING}`)
    await assert.rejects(waiting, StoreUnavailable)
    await holder.query('COMMIT')
    await holder.end()
    assert.equal(await store.codes.redeem(CODE.digest), true)
  })

  test('is killed under load keeps what it acknowledged, and gives nothing twice', async () => {
    const { store } = await openOn(server)
    await configure(server, 'fsync = on')
    const redeemed: string[] = []
    const lanes = Array.from({ length: 8 }, (_, lane) => redeemUntilDown(store, lane, redeemed))
    while (redeemed.length < 200) await new Promise((resolve) => setImmediate(resolve))
    await server.kill()
    await Promise.all(lanes)
    await server.start()
    for (const digest of redeemed) {
      assert.equal((await store.codes.peek(digest))?.digest, digest)
      assert.equal(await store.codes.redeem(digest), false, `${digest} can be redeemed again`)
    }
    await configure(server, 'fsync = off')
  })

  test('says nothing any more keeps nobody from closing', async () => {
    const { database } = await openOn(server, { answerTimeout: 0.2 })
    await database.check()
    const backends = await server.execute(server.url('postgres'), BACKENDS)
    const signal = (name: NodeJS.Signals): void => {
      for (const { pid } of backends) process.kill(Number(pid), name)
    }
    signal('SIGSTOP')
    await database.close()
    signal('SIGCONT')
  })

  test('does not answer in time is given up, and asked again next time', async () => {
    const { url, store } = await openOn(server, { answerTimeout: 0.2 })
    const holder = await holdCode(url)
    await assert.rejects(store.codes.redeem(CODE.digest), StoreUnavailable)
    await holder.query('COMMIT')
    await holder.end()
    // The server gave up first, so it is known that nothing was done.
    assert.equal(await store.codes.redeem(CODE.digest), true)
  })

  test('is read only answers what it knows, changes nothing, and does again when it may', async () => {
    const opened = await openOn(server)
    await configure(server, 'default_transaction_read_only = on')
    while ((await opened.database.check().catch(() => 'read only')) === undefined);
    await requireNoWrites(opened)
    assert.deepEqual(await opened.store.codes.peek(CODE.digest), CODE)
    await configure(server, 'default_transaction_read_only = off')
    while ((await opened.database.check().catch(() => 'read only')) !== undefined);
    assert.equal(await opened.store.codes.redeem(CODE.digest), true)
  })

  test('runs every transaction as serializable has one winner, and no loser who is told otherwise', async () => {
    const { url, store } = await openOn(server)
    await server.execute(
      url,
      `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = serializable', current_database()); END $$`,
    )
    const others = await open(url)
    const racers = [store, others.store(ISSUER)].flatMap((each) => Array<Store>(20).fill(each))
    const answers = await Promise.allSettled(racers.map(({ codes }) => codes.redeem(CODE.digest)))
    const wins = answers.filter((answer) => answer.status === 'fulfilled' && answer.value)
    assert.equal(wins.length, 1)
    for (const answer of answers) {
      if (answer.status === 'rejected') assert.ok(answer.reason instanceof StoreUnavailable)
    }
  })

  test('is told to forget its last commits when it crashes does so for newcomers only', async () => {
    const { url, database } = await openOn(server)
    const durable = "CHECK (current_setting('synchronous_commit') <> 'off') NOT VALID"
    await server.execute(url, `ALTER TABLE signet.pulse ADD CONSTRAINT durable ${durable}`)
    const other = new Client({ connectionString: url })
    await other.connect()
    await configure(server, 'synchronous_commit = off')
    const isOff = async (): Promise<boolean> =>
      (await other.query('SHOW synchronous_commit')).rows[0]?.synchronous_commit === 'off'
    while (!(await isOff()));
    await database.check()
    await other.end()
    await configure(server, 'synchronous_commit = on')
  })

  test('forgets its last commits when it crashes, or is a standby, is not trusted', async () => {
    const url = await server.createDatabase()
    await configure(server, 'synchronous_commit = off')
    await assert.rejects(open(url), /synchronous_commit is off/)
    await configure(server, 'synchronous_commit = on')
    const opened = await open(url)
    await opened.check()

    await server.stop()
    const signal = join(server.directory, 'data', 'standby.signal')
    writeFileSync(signal, '')
    await server.start()
    await assert.rejects(opened.store(ISSUER).codes.peek(CODE.digest), StoreUnavailable)
    await assert.rejects(open(url, { migrate: false }), /standby/)
    await server.stop()
    rmSync(signal)
    await server.start()
    assert.equal(await opened.store(ISSUER).codes.peek(CODE.digest), undefined)
  })
})

/** Puts codes and redeems them, until the server is gone; notes those of which it knows. */
async function redeemUntilDown(store: Store, lane: number, redeemed: string[]): Promise<void> {
  for (let count = 0; ; count += 1) {
    const digest = `code ${lane} ${count}`
    try {
      await store.codes.put(sampleCode({ digest }))
      assert.equal(await store.codes.redeem(digest), true)
      redeemed.push(digest)
    } catch (error) {
      assert.ok(error instanceof StoreUnavailable)
      return
    }
  }
}

/** Changes a setting for everybody, those who are connected too. */
async function configure(server: TestServer, setting: string): Promise<void> {
  const client = new Client({ connectionString: server.url('postgres') })
  await client.connect()
  await client.query('SET default_transaction_read_only = off')
  await client.query(`ALTER SYSTEM SET ${setting}`)
  await client.query('SELECT pg_reload_conf()')
  await client.end()
}

test('a disk that is full refuses what does not fit, and nothing else', async () => {
  const server = await serverForTests({ fsync: false, largestFile: 2 * 1024 * 1024 + 4_096 })
  const { store } = await openOn(server)
  const claims = Array.from({ length: 1_500 }, () => Math.random()).join(' ')
  const put = async (digest: string): Promise<void> =>
    store.opaqueTokens.put(sampleOpaqueToken({ digest, claims }))
  let kept = 0
  await assert.rejects(
    async () => {
      for (; kept < 1_000; kept += 1) await put(`token ${kept}`)
    },
    (error) => {
      assert.ok(error instanceof StoreUnavailable)
      assert.match(inspect(error.cause), /code: '53100'/)
      return true
    },
  )
  for (let each = 0; each < kept; each += 1) {
    assert.equal((await store.opaqueTokens.get(`token ${each}`))?.claims, claims)
  }
  assert.equal(await store.opaqueTokens.get(`token ${kept}`), undefined)
  assert.equal(await store.codes.redeem(CODE.digest), true)
})

test('a server that takes no more connections is unavailable to newcomers, and goes on for those it has', async () => {
  const server = await serverForTests({
    fsync: false,
    settings: {
      max_connections: 4,
      superuser_reserved_connections: 0,
      max_wal_senders: 0,
      autovacuum: 'off',
    },
  })
  const { url, store } = await openOn(server, { connections: 10 })
  const others = Array.from({ length: 3 }, () => new Client({ connectionString: url }))
  for (const client of others) await client.connect()
  await assert.rejects(open(url), (error) => {
    assert.ok(error instanceof StoreUnavailable)
    assert.match(error.message, /too many clients/)
    return true
  })
  const asked = Array.from({ length: 40 }, () => store.codes.peek(CODE.digest))
  for (const found of await Promise.all(asked)) assert.deepEqual(found, CODE)
  for (const client of others) await client.end()
  await (await open(url)).check()
})
