import { StoreUnavailable, type Mark } from '@signet/engine'
import { fixedClock, sampleCode, samplePushedRequest, SAMPLE_NOW } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { EphemeralStore } from './ephemeral.ts'
import { openRedis, type RedisDatabase } from './open-redis.ts'
import { startCuttingProxy } from './testing/cutting-proxy.ts'
import { isOnDisk, losing } from './testing/losing.ts'
import { startRedis } from './testing/server.ts'
import { until } from './testing/until.ts'

const ISSUER = 'https://as.example'
const SETTLING = 0.3

/** As many processes would, each with a memory of its own. */
function open(url: string, settling: number = SETTLING): Promise<RedisDatabase> {
  return openRedis({ url, clock: fixedClock(), settling, timeout: 0.3 })
}

async function opened(
  url: string,
  settling?: number,
): Promise<readonly [RedisDatabase, EphemeralStore]> {
  const redis = await open(url, settling)
  const store = redis.ephemeral(ISSUER)
  await store.replay.first([markOf('to open it')])
  return [redis, store]
}

function markOf(digest: string): Mark {
  return { digest, until: SAMPLE_NOW + 60 }
}

/** Puts what is to be decided about. */
async function prepare({ codes, pushedRequests }: EphemeralStore, name: string): Promise<void> {
  await codes.put(sampleCode({ digest: name }))
  await pushedRequests.put(samplePushedRequest({ digest: name }))
}

/** Makes one decision of each kind. */
async function decide(store: EphemeralStore, name: string): Promise<void> {
  assert.equal(await store.replay.first([markOf(name), markOf(`${name} too`)]), undefined)
  assert.equal(await store.codes.redeem(name), true)
  assert.equal(await store.pushedRequests.claim(name), true)
}

async function assertDecided(store: EphemeralStore, name: string): Promise<void> {
  assert.deepEqual(await until(() => store.replay.first([markOf(name)])), markOf(name))
  assert.deepEqual(
    await store.replay.first([markOf(`${name} and more`), markOf(`${name} too`)]),
    markOf(`${name} too`),
  )
  assert.equal(await store.codes.redeem(name), false)
  assert.equal((await store.codes.peek(name))?.digest, name)
  assert.equal(await store.pushedRequests.claim(name), false)
  assert.equal(await store.pushedRequests.peek(name), undefined)
}

test('SP-AZ-09 PKJ-06 DPOP-PRF-15 what was decided in the second that Redis lost stays decided, for every process', async () => {
  const server = await startRedis()
  const [[one, first], [other, second]] = await Promise.all([
    opened(server.url),
    opened(server.url),
  ])
  await prepare(first, 'of the first')
  await prepare(second, 'of the second')
  assert.ok(isOnDisk(server, 'of the second'))
  await losing(server, async () => {
    await decide(first, 'of the first')
    await decide(second, 'of the second')
    assert.ok(isOnDisk(server, 'of the second too'))
  })
  assert.ok(!isOnDisk(server, 'of the second too'))

  // The first asks of the second's, which does not ask anything, and a third comes that remembers nothing.
  await assertDecided(first, 'of the second')
  await assertDecided(first, 'of the first')
  const third = await open(server.url)
  await assertDecided(third.ephemeral(ISSUER), 'of the first')
  await assertDecided(third.ephemeral(ISSUER), 'of the second')
  assert.equal(await first.replay.first([markOf('new')]), undefined)
  for (const redis of [one, other, third]) redis.close()
  await server.stop()
})

test('SP-AZ-09 PKJ-06 DPOP-PRF-15 what a replica had not heard of when it took over stays decided', async () => {
  const [primary, replica] = await Promise.all([startRedis(), startRedis()])
  const proxy = await startCuttingProxy(primary.port)
  const [[one, first], [other, second]] = await Promise.all([opened(proxy.url), opened(proxy.url)])
  await prepare(first, 'of the first')
  await replica.command('REPLICAOF', '127.0.0.1', `${primary.port}`)
  await until(async () => {
    assert.match(String(await replica.command('INFO', 'replication')), /master_link_status:up/)
  })
  await replica.command('REPLICAOF', 'NO', 'ONE')
  await decide(first, 'of the first')
  await primary.kill()
  proxy.leadTo(replica.port)
  await assertDecided(second, 'of the first')
  for (const each of [one, other, proxy]) each.close()
  await Promise.all([primary.stop(), replica.stop()])
})

test('PKJ-06 DPOP-PRF-15 when Redis has come back nobody decides until everybody could say again what is lost', async () => {
  const server = await startRedis()
  const [redis, store] = await opened(server.url, 1)
  const other = redis.ephemeral(`${ISSUER}/other`)
  await other.replay.first([markOf('to open it')])
  await server.kill()
  await server.start()
  const start = performance.now()
  await until(() => redis.check())
  await delay(100)
  for (const { replay } of [store, other]) {
    await assert.rejects(replay.first([markOf('early')]), (error) => {
      assert.ok(error instanceof StoreUnavailable)
      assert.equal(error.retryAfter, 1)
      return true
    })
  }
  assert.equal(await until(() => store.replay.first([markOf('later')])), undefined)
  assert.ok(performance.now() - start > 950)
  redis.close()
  await server.stop()
})

test('PKJ-06 DPOP-PRF-15 a server that takes its former place again has begun a new life', async () => {
  const [primary, replica] = await Promise.all([startRedis(), startRedis()])
  const proxy = await startCuttingProxy(primary.port)
  const [redis, store] = await opened(proxy.url)
  for (const { port } of [replica, primary]) {
    proxy.leadTo(port)
    const start = performance.now()
    const mark = markOf(`at ${port}`)
    assert.equal(await until(() => store.replay.first([mark])), undefined)
    assert.ok(performance.now() - start > SETTLING * 1_000 - 50)
    // As a failover does, which nobody asks to be noticed.
    await primary.command('REPLICAOF', '127.0.0.1', '1')
    await primary.command('REPLICAOF', 'NO', 'ONE')
  }
  redis.close()
  proxy.close()
  await Promise.all([primary.stop(), replica.stop()])
})

test('a process that starts with a Redis just started waits, and one that comes to a settled Redis does not', async () => {
  const server = await startRedis()
  const before = performance.now()
  const [first] = await opened(server.url)
  const between = performance.now()
  const [second] = await opened(server.url)
  await second.ephemeral(`${ISSUER}/new`).replay.first([markOf('of a new service')])
  const afterwards = performance.now()
  assert.ok(between - before > SETTLING * 1_000 - 50)
  assert.ok(afterwards - between < SETTLING * 500)
  first.close()
  second.close()
  await server.stop()
})

test('two databases of one Redis know nothing of each other, and each waits for itself', async () => {
  const server = await startRedis()
  const start = performance.now()
  const [one, first] = await opened(`${server.url}/1`)
  const between = performance.now()
  const [other, second] = await opened(`${server.url}/2`)
  assert.ok(between - start > SETTLING * 1_000 - 50)
  assert.ok(performance.now() - between > SETTLING * 1_000 - 50)
  for (const store of [first, second]) {
    await prepare(store, 'name')
    await decide(store, 'name')
  }
  one.close()
  other.close()
  await server.stop()
})

test('a Redis that was told to forget its scripts learns them again', async () => {
  const server = await startRedis()
  const [redis, store] = await opened(server.url)
  await prepare(store, 'name')
  await server.command('SCRIPT', 'FLUSH')
  await prepare(store, 'name')
  await until(() => decide(store, 'name'))
  await assertDecided(store, 'name')
  redis.close()
  await server.stop()
})

test('what one service says again says nothing of another, and both wait together', async () => {
  const server = await startRedis()
  const redis = await open(server.url)
  const [store, other] = [redis.ephemeral(ISSUER), redis.ephemeral(`${ISSUER}/other`)]
  await prepare(store, 'name')
  await prepare(other, 'name')
  await decide(store, 'name')
  await server.kill()
  await server.start()
  await assertDecided(store, 'name')
  await decide(other, 'name')
  redis.close()
  await server.stop()
})

test('a store that is closed stops looking for its Redis', async () => {
  const server = await startRedis()
  const [redis, store] = await opened(server.url)
  await server.kill()
  await assert.rejects(store.replay.first([markOf('name')]), StoreUnavailable)
  redis.close()
  await server.start()
  await delay(200)
  const clients = String(await server.command('CLIENT', 'LIST'))
    .trim()
    .split('\n')
  assert.equal(clients.filter((line) => line.includes('name=signet')).length, 0)
  await server.stop()
})
