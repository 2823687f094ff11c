import { StoreUnavailable } from '@signet/engine'
import { fixedClock, sampleCode, samplePushedRequest, SAMPLE_NOW } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'
import { RedisRefused } from './address.ts'
import { openRedisReplay } from './guard-replay.ts'
import { openRedis, type RedisDatabase, type RedisOptions } from './open-redis.ts'
import { startCuttingProxy } from './testing/cutting-proxy.ts'
import { everyVerb } from './testing/every-verb.ts'
import { startRedis, type RedisServer } from './testing/server.ts'
import { until } from './testing/until.ts'

const ISSUER = 'https://as.example'
const clock = fixedClock()

let server: RedisServer
before(async () => {
  server = await startRedis()
})
beforeEach(() => server.command('FLUSHALL'))
after(() => server.stop())

function open(changes: Partial<RedisOptions> = {}): Promise<RedisDatabase> {
  return openRedis({ url: server.url, clock, settling: 0.05, timeout: 0.3, ...changes })
}

/** Opens a store in which every verb works, lets something happen, and closes it. */
async function withStore(
  play: (redis: RedisDatabase) => Promise<void>,
  changes: Partial<RedisOptions> = {},
): Promise<void> {
  const redis = await open(changes)
  try {
    await assertAllWork(redis)
    await play(redis)
  } finally {
    redis.close()
  }
}

async function assertAllWork(redis: RedisDatabase): Promise<void> {
  for (const verb of Object.values(everyVerb(redis.ephemeral(ISSUER)))) await verb()
  await redis.check()
}

async function assertAllFail(redis: RedisDatabase, withinMilliseconds: number): Promise<void> {
  for (const [name, verb] of Object.entries(everyVerb(redis.ephemeral(ISSUER)))) {
    const start = performance.now()
    await assert.rejects(verb(), StoreUnavailable, name)
    const took = performance.now() - start
    assert.ok(took < withinMilliseconds, `${name} took ${took} ms`)
  }
  await assert.rejects(redis.check(), StoreUnavailable)
}

test('PKJ-06 DPOP-PRF-15 while Redis is away every verb fails at once, and works again by itself', async () => {
  await withStore(async (redis) => {
    await server.kill()
    await until(() => assertAllFail(redis, 250))
    await server.start()
    await until(() => assertAllWork(redis))
  })
})

test('PKJ-06 DPOP-PRF-15 while Redis hangs the first verb waits a moment, the others do not, and all work again by themselves', async () => {
  await withStore(async (redis) => {
    server.freeze()
    const [first] = Object.values(everyVerb(redis.ephemeral(ISSUER)))
    const start = performance.now()
    await assert.rejects(first?.() ?? Promise.resolve(), StoreUnavailable)
    assert.ok(performance.now() - start < 1_000)
    await assertAllFail(redis, 250)
    server.thaw()
    await until(() => assertAllWork(redis))
  })
})

test('what hangs with many callers at once is refused to all of them in time', async () => {
  await withStore(async (redis) => {
    server.freeze()
    const { codes } = redis.ephemeral(ISSUER)
    const start = performance.now()
    const asked = await Promise.allSettled(
      Array.from({ length: 2_000 }, () => codes.redeem(sampleCode().digest)),
    )
    server.thaw()
    assert.ok(performance.now() - start < 1_500)
    assert.ok(asked.every(({ status }) => status === 'rejected'))
    await until(() => assertAllWork(redis))
  })
})

test('a peer that vanished without a word is given up', async () => {
  const proxy = await startCuttingProxy(server.port)
  await withStore(
    async (redis) => {
      proxy.swallow()
      await until(() => assertAllFail(redis, 400))
      // The next connection is made, and then nothing is heard on it either.
      await delay(200)
      proxy.mend()
      await until(() => assertAllWork(redis))
    },
    { url: proxy.url },
  )
  proxy.close()
})

test('a Redis that became a replica is not believed, not even for reading, once it was looked at', async () => {
  await withStore(async (redis) => {
    const verbs = everyVerb(redis.ephemeral(ISSUER))
    await server.command('REPLICAOF', '127.0.0.1', '1')
    for (const name of ['codes.put', 'codes.redeem', 'replay.first', 'pushedRequests.claim']) {
      await assert.rejects(verbs[name]?.() ?? Promise.resolve(), StoreUnavailable, name)
    }
    await assert.rejects(redis.check(), /replica/)
    await assertAllFail(redis, 250)
    await assert.rejects(open(), /replica/)
    await server.command('REPLICAOF', 'NO', 'ONE')
    await until(() => assertAllWork(redis))
  })
})

test('a Redis that has no memory left refuses what would need some, and forgets nothing for it', async () => {
  await withStore(async (redis) => {
    const { codes, replay } = redis.ephemeral(ISSUER)
    const fresh = sampleCode({ digest: 'fresh' })
    await codes.put(fresh)
    const used = { digest: 'used', until: SAMPLE_NOW + 60 }
    await replay.first([used])
    await server.command('CONFIG', 'SET', 'maxmemory', '1mb')
    try {
      for (const verb of [
        () => codes.put(sampleCode()),
        () => codes.redeem(fresh.digest),
        () => replay.first([{ digest: 'one', until: used.until }]),
        () =>
          replay.first([
            { digest: 'one', until: used.until },
            { digest: 'two', until: used.until },
          ]),
        () => redis.check(),
      ])
        await assert.rejects(verb, StoreUnavailable)
      assert.deepEqual(await replay.first([used]), used)
      assert.deepEqual(await codes.peek(fresh.digest), fresh)
    } finally {
      await server.command('CONFIG', 'SET', 'maxmemory', '0')
    }
    assert.equal(await codes.redeem(fresh.digest), true)
    assert.equal(await replay.first([{ digest: 'one', until: used.until }]), undefined)
  })
})

test('SP-AZ-09 PKJ-06 DPOP-PRF-15 who never heard the answer has not won, and nobody wins after that', async () => {
  const proxy = await startCuttingProxy(server.port)
  await withStore(
    async (redis) => {
      const { codes, pushedRequests, replay } = redis.ephemeral(ISSUER)
      const mark = { digest: 'lost answer', until: SAMPLE_NOW + 60 }
      const code = sampleCode({ digest: 'lost answer' })
      const request = samplePushedRequest({ digest: 'lost answer' })
      const verbs: readonly (readonly [() => Promise<unknown>, lost: unknown])[] = [
        [() => replay.first([mark]), mark],
        [() => codes.redeem(code.digest), false],
        [() => pushedRequests.claim(request.digest), false],
      ]
      for (const [verb, lost] of verbs) {
        await until(() => codes.put(code))
        await until(() => pushedRequests.put(request))
        await until(() => replay.first([]))
        proxy.cutAnswers()
        await assert.rejects(verb, StoreUnavailable)
        proxy.mend()
        assert.deepEqual(await until(verb), lost)
      }
    },
    { url: proxy.url },
  )
  proxy.close()
})

test('a Redis that may evict or forget is refused, with what to change', async () => {
  const evicting = await startRedis({ 'maxmemory-policy': 'allkeys-lru' })
  const forgetting = await startRedis({ appendonly: 'no' })
  await assert.rejects(open({ url: evicting.url }), (error) => {
    assert.ok(error instanceof RedisRefused)
    assert.match(error.message, /127\.0\.0\.1:\d+: .*maxmemory-policy is allkeys-lru.*noeviction/)
    return true
  })
  await assert.rejects(open({ url: forgetting.url }), (error) => {
    assert.ok(error instanceof RedisRefused)
    assert.match(error.message, /appendonly/)
    return true
  })
  await Promise.all([evicting.stop(), forgetting.stop()])
})

test('a Redis that came back with a setting it must not have is refused until it is changed', async () => {
  await withStore(async (redis) => {
    await server.kill()
    await server.start({ 'maxmemory-policy': 'allkeys-lru' })
    await until(() => assert.rejects(redis.check(), /maxmemory-policy/))
    await assertAllFail(redis, 250)
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
    await until(() => assertAllWork(redis))
    await server.kill()
    await server.start({})
  })
})

test('while Redis reads what it had on disk every verb fails at once, and works again by itself', async () => {
  await withStore(async (redis) => {
    const { codes } = redis.ephemeral(ISSUER)
    const digests = Array.from({ length: 500 }, (_, index) => `${index}`)
    await Promise.all(digests.map((digest) => codes.put(sampleCode({ digest }))))
    await server.command('BGREWRITEAOF')
    await until(async () => {
      const info = String(await server.command('INFO', 'persistence'))
      assert.match(info, /aof_rewrite_in_progress:0/)
    })
    await server.kill()
    const started = server.start({
      'key-load-delay': '1000',
      'loading-process-events-interval-bytes': '1024',
    })
    await until(() => assert.rejects(redis.check(), /loading/))
    await assertAllFail(redis, 250)
    await assert.rejects(open(), /loading/)
    await started
    await until(() => assertAllWork(redis))
    assert.equal((await codes.peek('499'))?.digest, '499')
    await server.kill()
    await server.start({})
  })
})

test('an address where nobody listens is named, at once', async () => {
  await assert.rejects(open({ url: 'redis://127.0.0.1:1' }), (error) => {
    assert.ok(error instanceof StoreUnavailable)
    assert.match(error.message, /^Redis at 127\.0\.0\.1:1: .*ECONNREFUSED/)
    return true
  })
})

test('a user with a password, who may do little, is let in, and neither is ever shown', async () => {
  const allowed = ['~signet:*', '+@read', '+@write', '+@scripting', '+@connection', '+info']
  await server.command('ACL', 'SETUSER', 'signet', 'on', '>s3cr3t/!', ...allowed)
  const address = new URL(server.url)
  address.username = 'signet'
  address.password = encodeURIComponent('s3cr3t/!')
  await withStore(() => Promise.resolve(), { url: address.href })

  address.password = 's3cr3t-that-is-wrong'
  for (const url of [address.href, 'redis://signet:s3cr3t@[', 'http://signet:s3cr3t@redis']) {
    const error: unknown = await open({ url }).catch((reason: unknown) => reason)
    assert.ok(error instanceof Error)
    assert.ok(!inspect(error, { depth: 9 }).includes('s3cr3t'), error.message)
  }
  await server.command('ACL', 'DELUSER', 'signet')
})

test('DPOP-PRF-15 a guard refuses what it cannot ask about, and works again by itself', async () => {
  const replay = await openRedisReplay({
    url: server.url,
    resource: 'https://api.example',
    settling: 0.05,
  })
  const mark = { digest: 'proof', until: Date.now() / 1_000 + 60 }
  assert.equal(await replay.first([mark]), undefined)
  await server.kill()
  await assert.rejects(replay.first([mark]), StoreUnavailable)
  await server.start()
  assert.deepEqual(await until(() => replay.first([mark])), mark)
  replay.close()
  await assert.rejects(replay.first([mark]), StoreUnavailable)
})
