import { StoreUnavailable } from '@signet/engine'
import { sampleCode, sampleGrant } from '@signet/engine/testing'
import { applyMigrations } from '@signet/store/postgres'
import { startTestServer, type TestServer } from '@signet/store/postgres-testing'
import { startRedis, type RedisServer } from '@signet/store/redis-testing'
import { SchemaRefused } from '@signet/store/sqlite'
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import type { NetConnectOpts } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { PostgresConfig, StoreConfig } from '../config/config.ts'
import { createLocalCertificates, type Credential } from '../dev/certificate-authority.ts'
import { configOf, ISSUER } from '../testing/rig.ts'
import { startTlsFront, type TlsFront } from '../testing/tls-front.ts'
import { openStores, postgresConnection, redisAddress, type Stores } from './stores.ts'
import { systemClock } from './system.ts'

const open = (store: StoreConfig): Promise<Stores> => openStores(configOf({ store }), systemClock)

describe('what the configuration names is opened', () => {
  let server: TestServer
  let redis: RedisServer
  let folder: string
  before(async () => {
    server = await startTestServer({ fsync: false })
    redis = await startRedis()
    folder = mkdtempSync(join(tmpdir(), 'signet-stores-'))
  })
  after(async () => {
    await server.dispose()
    await redis.stop()
    rmSync(folder, { recursive: true })
  })

  const emptyDatabase = async (): Promise<PostgresConfig> => ({
    url: await server.createDatabase(),
    connections: 2,
    preparedStatements: true,
  })
  const database = async (): Promise<PostgresConfig> => {
    const postgres = await emptyDatabase()
    await applyMigrations({ server: postgres.url }, 0)
    return postgres
  }
  const rowsIn = async (table: string, { url }: PostgresConfig): Promise<number> =>
    (await server.execute(url, `SELECT FROM signet.${table}`)).length

  /** Keeps something that lasts and something of a moment, and finds both. */
  const use = async (stores: Stores): Promise<void> => {
    const store = stores.store(ISSUER)
    try {
      await stores.check()
      await store.grants.put(sampleGrant())
      await store.codes.put({ ...sampleCode(), keptUntil: systemClock.now() + 60 })
      await store.settled()
      assert.equal((await store.grants.get(sampleGrant().id))?.id, sampleGrant().id)
      assert.equal((await store.codes.peek(sampleCode().digest))?.grantId, sampleCode().grantId)
      assert.equal((await stores.sweep(10))['grants'], 0)
    } finally {
      await stores.close()
    }
    await assert.rejects(store.grants.get(sampleGrant().id), StoreUnavailable)
  }

  test('a PostgreSQL, with everything in it', async () => {
    const postgres = await database()
    await use(await open({ postgres }))
    assert.equal(await rowsIn('grants', postgres), 1)
    assert.equal(await rowsIn('codes', postgres), 1)
  })

  test('a PostgreSQL and a Redis, with what is of a moment in Redis', async () => {
    const postgres = await database()
    const kept = Number(await redis.command('DBSIZE'))
    await use(await open({ postgres, redis: { url: redis.url } }))
    assert.equal(await rowsIn('grants', postgres), 1)
    assert.equal(await rowsIn('codes', postgres), 0)
    assert.ok(Number(await redis.command('DBSIZE')) > kept)
  })

  test('a file and a Redis', async () => {
    const kept = Number(await redis.command('DBSIZE'))
    const sqlite = join(folder, 'signet.db')
    const stores = await open({ sqlite, redis: { url: `${redis.url}/1` } })
    await use(stores)
    assert.equal(Number(await redis.command('DBSIZE')), kept, 'it is in another database')
  })

  describe('over TLS', () => {
    const fronts: TlsFront[] = []
    let ours: string
    let theirs: string
    let credential: Credential
    before(async () => {
      const made = await createLocalCertificates(['localhost'], Date.now())
      ours = made.authority
      credential = made.server
      theirs = (await createLocalCertificates(['localhost'], Date.now())).authority
    })
    after(async () => {
      for (const front of fronts) await front.close()
    })
    const front = async (target: NetConnectOpts, postgres: boolean): Promise<number> => {
      const started = await startTlsFront({ credential, target, postgres })
      fronts.push(started)
      return started.port
    }

    test('a PostgreSQL whose certificate is by an authority of ours, and for its name', async () => {
      const { url, ...rest } = await database()
      const path = join(server.directory, `.s.PGSQL.${server.port}`)
      const port = await front({ path }, true)
      const name = new URL(url.replace('@/', '@x/')).pathname
      const reached = (trustedCa: string, host = 'localhost'): StoreConfig => ({
        postgres: {
          ...rest,
          url: `postgres://signet@${host}:${port}${name}?sslmode=verify-full`,
          trustedCas: [trustedCa],
        },
      })
      await use(await open(reached(ours)))
      await assert.rejects(open(reached(theirs)), StoreUnavailable)
      await assert.rejects(open(reached(ours, '127.0.0.1')), StoreUnavailable)
    })

    test('a Redis whose certificate is by an authority of ours', async () => {
      const port = await front({ host: '127.0.0.1', port: redis.port }, false)
      const reached = (trustedCa: string): StoreConfig => ({
        sqlite: join(folder, 'tls.db'),
        redis: { url: `rediss://localhost:${port}`, trustedCas: [trustedCa] },
      })
      await use(await open(reached(ours)))
      await assert.rejects(open(reached(theirs)), StoreUnavailable)
    })
  })

  test('a PostgreSQL whose schema is too old is refused, and what to do is said', async () => {
    const postgres = await emptyDatabase()
    await assert.rejects(open({ postgres }), (error) => {
      assert.ok(error instanceof SchemaRefused)
      assert.match(error.message, /run "signet migrate --apply" first$/)
      return true
    })
  })

  test('a Redis that is not there or set up to forget is refused, and nothing stays open', async () => {
    const postgres = await database()
    await assert.rejects(
      open({ postgres, redis: { url: 'redis://signet:s3cret@127.0.0.1:1' } }),
      (error) => error instanceof StoreUnavailable && !error.message.includes('s3cret'),
    )
    await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
    await assert.rejects(open({ postgres, redis: { url: redis.url } }), {
      name: 'RedisRefused',
      message: /set it to noeviction/,
    })
    await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
    const connected = "SELECT FROM pg_stat_activity WHERE application_name = 'signet'"
    assert.deepEqual(await server.execute(postgres.url, connected), [])
  })
})

test('authorities of ours are believed where TLS is asked for, and nowhere else', () => {
  const trustedCas = ['ONE', 'TWO']
  const postgres = { connections: 3, preparedStatements: false, trustedCas }
  const tls = 'postgres://signet@db.example/signet?sslmode=verify-full&a=1'
  assert.deepEqual(postgresConnection({ ...postgres, url: tls }), {
    server: {
      connectionString: 'postgres://signet@db.example/signet?a=1',
      ssl: { ca: trustedCas },
    },
    connections: 3,
    prepare: false,
  })
  const plain = 'postgres://localhost/signet'
  assert.equal(postgresConnection({ ...postgres, url: plain }).server, plain)
  assert.deepEqual(redisAddress({ url: 'rediss://cache.example', trustedCas }), {
    url: 'rediss://cache.example',
    tls: { ca: 'ONE\nTWO' },
  })
  assert.deepEqual(redisAddress({ url: 'redis://localhost', trustedCas }), {
    url: 'redis://localhost',
  })
})
