import { SessionsUnavailable } from '@signet/bff'
import { sampleSession, sessionStoreContract } from '@signet/bff/testing'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openRedisSessions, type RedisSessions } from './bff-sessions.ts'
import { isOnDisk, losing } from './testing/losing.ts'
import { startRedis, type RedisServer } from './testing/server.ts'
import { until } from './testing/until.ts'

/** That of the contract. */
const NOW = 1_800_000_000

let server: RedisServer
before(async () => {
  server = await startRedis()
})
after(() => server.stop())

function open(name: string = 'bank'): Promise<RedisSessions> {
  return openRedisSessions({ url: server.url, name, now: () => NOW })
}

sessionStoreContract('Redis', async () => {
  await server.command('FLUSHALL')
  const [one, other] = await Promise.all([open(), open()])
  return {
    one,
    other,
    sweepsSessionsOnly: true,
    close: () => {
      one.close()
      other.close()
    },
  }
})

test('sessions outlive Redis, and another BFF on it has its own', async () => {
  await server.command('FLUSHALL')
  const bank = await open()
  await bank.create(sampleSession({ subject: 'who outlives it' }))
  bank.close()
  await until(async () => assert.ok(isOnDisk(server, 'who outlives it')))
  await server.kill()
  await server.start()
  const again = await open()
  const shop = await open('shop')
  assert.equal((await again.get('a digest'))?.subject, 'who outlives it')
  assert.equal(await shop.get('a digest'), undefined)
  assert.equal(await shop.count(NOW), 0)
  for (const sessions of [again, shop]) sessions.close()
})

test('LOG-09 a logout that Redis lost, and a login that was taken, stay ended for the process that did it and for others', async (t) => {
  await server.command('FLUSHALL')
  const [one, other] = await Promise.all([open(), open()])
  t.after(() => [one, other].forEach((sessions) => sessions.close()))
  await one.create(sampleSession())
  await one.put('a login', 'sealed', NOW + 600)
  await until(async () => assert.ok(isOnDisk(server, 'a login')))
  await losing(server, async () => {
    assert.equal(await one.delete('a digest'), true)
    assert.equal(await one.take('a login', NOW), 'sealed')
  })
  assert.equal(await until(() => one.get('a digest')), undefined)
  assert.equal(await one.take('a login', NOW), undefined)
  assert.equal(await until(() => other.get('a digest')), undefined)
})

test('an id is given to one session only', async () => {
  await server.command('FLUSHALL')
  const sessions = await open()
  await sessions.create(sampleSession())
  await assert.rejects(sessions.create(sampleSession({ subject: 'mallory' })), SessionsUnavailable)
  assert.deepEqual(await sessions.get('a digest'), sampleSession())
  sessions.close()
})

test('says that the store is unavailable, not that there is no session', async () => {
  const sessions = await open()
  await sessions.check()
  sessions.close()
  await assert.rejects(sessions.check(), SessionsUnavailable)
  await assert.rejects(sessions.get('a digest'), SessionsUnavailable)
  await assert.rejects(sessions.take('a login', 0), SessionsUnavailable)
  await assert.rejects(sessions.withSid('https://as.example', 'sid'), SessionsUnavailable)
})

test('LOG-09 lists nobody who is gone, and does not grow with those who were', async () => {
  await server.command('FLUSHALL')
  let now = NOW
  const sessions = await openRedisSessions({ url: server.url, name: 'bank', now: () => now })
  for (let count = 0; count < 20; count += 1) {
    const times = { createdAt: now, lastSeenAt: now, expiresAt: now + 600, endsAt: now + 3600 }
    await sessions.create(sampleSession({ id: `${count}`, ...times }))
    if (count % 2 === 0) await sessions.delete(`${count}`)
    now += 86_400
  }
  const left = await sessions.ofSubject('https://as.example', 'alice')
  assert.ok(left.every(({ id }) => Number(id) % 2 === 1))
  await sessions.sweep(now, 100)
  const sizes = await everySize(server)
  assert.ok(
    sizes.every((size) => size <= 3),
    `a list has ${Math.max(...sizes)} members`,
  )
  sessions.close()
})

test('nothing is left in Redis that it would keep for ever', async () => {
  await server.command('FLUSHALL')
  const sessions = await open()
  await sessions.create(sampleSession())
  await sessions.touch('a digest', { lastSeenAt: NOW + 9, expiresAt: NOW + 609 })
  await sessions.replace('a digest', 0, 'newer')
  await sessions.lock({ id: 'a digest', owner: 'one', now: NOW, until: NOW + 10 })
  await sessions.put('a login', 'sealed', NOW + 600)
  await sessions.first('a jti', NOW + 60, NOW)
  const lasting = await lastingKeys(server)
  // The list of all sessions: emptied by sweeping.
  assert.equal(lasting.length, 1)
  await sessions.sweep(NOW + 200_000, 10)
  assert.deepEqual(await lastingKeys(server), [])
  sessions.close()
})

async function keysOf(redis: RedisServer): Promise<readonly string[]> {
  const keys = await redis.command('KEYS', '*')
  return Array.isArray(keys) ? keys.map(String) : []
}

async function lastingKeys(redis: RedisServer): Promise<readonly string[]> {
  const found: string[] = []
  for (const key of await keysOf(redis)) {
    if ((await redis.command('PTTL', key)) === -1) found.push(key)
  }
  return found
}

/** How many members each sorted set has. */
async function everySize(redis: RedisServer): Promise<readonly number[]> {
  const sizes: number[] = []
  for (const key of await keysOf(redis)) {
    if ((await redis.command('TYPE', key)) === 'zset') {
      sizes.push(Number(await redis.command('ZCARD', key)))
    }
  }
  return sizes
}
