import { takeAttempt } from '@signet/engine'
import { fixedClock } from '@signet/engine/testing'
import * as fc from 'fast-check'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { openRedis, type RedisDatabase } from './open-redis.ts'
import { startRedis, type RedisServer } from './testing/server.ts'

let server: RedisServer
let redis: RedisDatabase
before(async () => {
  server = await startRedis()
  redis = await openRedis({ url: server.url, clock: fixedClock(), settling: 0.01 })
})
after(async () => {
  redis.close()
  await server.stop()
})

test('Redis counts attempts exactly as the engine would', async () => {
  const policy = fc.record({
    burst: fc.integer({ min: 1, max: 12 }),
    refill: fc.oneof(
      fc.integer({ min: 1, max: 3_600 }),
      fc.double({ min: 0.01, max: 90, noNaN: true }),
    ),
  })
  // Clocks go back, too.
  const step = fc.oneof(
    fc.integer({ min: -30, max: 120 }),
    fc.double({ min: 0, max: 5, noNaN: true }),
  )
  const { attempts } = redis.ephemeral('https://as.example')
  await fc.assert(
    fc.asyncProperty(policy, fc.array(step, { minLength: 1, maxLength: 30 }), async (...drawn) => {
      const [rule, steps] = drawn
      const key = randomUUID()
      let now = 1_800_000_000
      let full = 0
      for (const each of steps) {
        now += each
        const { wait, fullAt } = takeAttempt(full, rule, now)
        if (wait === 0) full = fullAt
        assert.equal(await attempts.take(key, rule, now), wait)
      }
    }),
    { numRuns: 150 },
  )
})
