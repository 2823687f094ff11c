import { takeAttempt } from '@signet/engine'
import { fixedClock } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPostgres } from './open-postgres.ts'
import { databaseWith, serverForTests } from './testing/databases.ts'

const emptyDatabase = await databaseWith(await serverForTests({ fsync: false }), 'signet')

test('counts as the engine does, whatever the clock does', async () => {
  const database = await openPostgres({
    server: await emptyDatabase(),
    clock: fixedClock(),
    retention: 86_400,
  })
  const { attempts } = database.store('https://as.example')
  for (const policy of [
    { burst: 3, refill: 10 },
    { burst: 2, refill: 2.5 },
    { burst: 1, refill: 0.1 },
  ]) {
    const key = JSON.stringify(policy)
    let fullAt = 0
    let now = 1_800_000_000
    for (const step of [0, 0, 0, 0, 1, 0.3, 9, 2.5, -600, 0, 0, 0.1, 0.1, 3, 700, 0, 0, 0, 30.7]) {
      now += step
      const attempt = takeAttempt(fullAt, policy, now)
      assert.equal(await attempts.take(key, policy, now), attempt.wait, `${key} at ${now}`)
      if (attempt.wait === 0) fullAt = attempt.fullAt
    }
  }
  await database.close()
})
