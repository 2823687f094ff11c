import { startTestServer, type TestServer } from '@signet/store/postgres-testing'
import { startRedis, type RedisServer } from '@signet/store/redis-testing'
import assert from 'node:assert/strict'
import { renameSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { ask, json, type Answer } from './testing/https.ts'
import { Peer } from './testing/peer.ts'
import { serve, type ServerProcess } from './testing/server-process.ts'
import { serviceFor } from './testing/site.ts'
import { childrenOf, readinessOf, until } from './testing/workers.ts'

const unplaced = new Peer({ clientId: 'app', scope: 'openid accounts offline_access' })

function serveOn(store: object, options: readonly string[] = []): Promise<ServerProcess> {
  return serve(serviceFor([unplaced.metadata()], { drain: 2, ...store }), options)
}

/** Asks every endpoint that has something to decide. */
async function everywhere(
  client: Peer,
  { accessToken, link }: { readonly accessToken: string; readonly link: URL },
): Promise<Record<string, Answer>> {
  return {
    par: await client.push(),
    token: await client.credentials(),
    refresh: await client.refresh('x'),
    introspect: await client.introspect(accessToken),
    revoke: await client.revoke('x'),
    userinfo: await client.userinfo(accessToken),
    authorize: await ask(link, { headers: { accept: 'text/html' } }),
    'an event': await ask(`${client.issuer}/errors/x`, { headers: { accept: 'text/html' } }),
  }
}

interface Loss {
  readonly away: () => unknown
  readonly back: () => unknown
  /** What can be decided without it. */
  readonly spared?: readonly string[]
}

/** Something is taken away: whoever needs it is told when to come again, until it is back and everything is as before. */
async function provesAway(server: ServerProcess, { away, back, spared = [] }: Loss): Promise<void> {
  const client = unplaced.at(server.site.origin)
  const { accessToken } = await client.logIn()
  const known = { accessToken, link: client.link(await client.push()) }
  const usual = await everywhere(client, known)
  assert.equal((await readinessOf(server)).status, 200)
  await away()
  try {
    await until(async () => (await readinessOf(server)).checks['store']?.ok === false)
    const begun = performance.now()
    const { status, checks } = await readinessOf(server)
    assert.ok(performance.now() - begun < 2_000, 'whoever asks has to wait')
    assert.equal(status, 503)
    assert.ok(checks['store']?.detail)
    for (const [name, answer] of Object.entries(await everywhere(client, known))) {
      if (spared.includes(name) && answer.status === usual[name]?.status) continue
      assert.equal(answer.status, 503, `${name} ${answer.status} ${answer.body}`)
      assert.match(answer.headers['retry-after'] ?? '', /^[1-9]\d?$/)
      assert.doesNotMatch(answer.body, /ECONN|SQLITE|postgres|redis/i)
      if (name === 'token') assert.equal(json(answer)['error'], 'temporarily_unavailable')
    }
    assert.equal((await ask(`${client.issuer}/jwks`)).status, 200)
  } finally {
    await back()
  }
  await until(async () => (await readinessOf(server)).status === 200)
  await until(async () => (await client.credentials()).status === 200)
  assert.equal((await client.userinfo(accessToken)).status, 200, 'what was issued is gone')
  assert.ok(server.isRunning)
  assert.doesNotMatch(server.output(), /a worker died/)
}

describe('readiness follows a file', () => {
  let server: ServerProcess
  before(async () => {
    server = await serveOn({})
  })
  after(async () => {
    await server.stop()
    server.site.remove()
  })

  test('that another process has and does not give back', async () => {
    let other: DatabaseSync | undefined
    await provesAway(server, {
      away: () => {
        other = new DatabaseSync(server.site.database, { timeout: 5_000 })
        other.exec('BEGIN IMMEDIATE')
      },
      back: () => other?.close(),
    })
  })

  test('that is not in its place', async () => {
    const { database } = server.site
    await provesAway(server, {
      away: () => renameSync(database, `${database}.away`),
      back: () => renameSync(`${database}.away`, database),
    })
  })
})

describe('readiness of two workers follows PostgreSQL and Redis', () => {
  let postgres: TestServer
  let redis: RedisServer
  let server: ServerProcess
  before(async () => {
    postgres = await startTestServer({ fsync: true })
    redis = await startRedis()
    const store = { postgres: await postgres.createDatabase(), redis: redis.url }
    server = await serveOn({ store }, ['--migrate', '--workers', '2'])
  })
  after(async () => {
    await server.stop()
    server.site.remove()
    await redis.stop()
    await postgres.dispose()
  })

  /** Clients are known for some seconds, what they push is kept in Redis, and their own tokens nowhere. */
  const spared = ['par', 'token', 'authorize']

  test('a PostgreSQL that is shut down', async () => {
    await provesAway(server, { away: () => postgres.stop(), back: () => postgres.start(), spared })
  })

  test('a PostgreSQL that is killed', async () => {
    await provesAway(server, { away: () => postgres.kill(), back: () => postgres.start(), spared })
  })

  test('a PostgreSQL that says nothing any more', async () => {
    const signal = (name: NodeJS.Signals) => (): void => {
      const { pid = 0 } = postgres
      for (const each of [pid, ...childrenOf(pid)]) process.kill(each, name)
    }
    await provesAway(server, { away: signal('SIGSTOP'), back: signal('SIGCONT'), spared })
  })

  test('a Redis that is killed', async () => {
    await provesAway(server, {
      away: () => redis.kill(),
      back: () => redis.start(),
      spared: ['an event'],
    })
  })

  test('a Redis that says nothing any more', async () => {
    await provesAway(server, {
      away: () => redis.freeze(),
      back: () => redis.thaw(),
      spared: ['an event'],
    })
  })
})
