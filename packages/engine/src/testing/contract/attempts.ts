import assert from 'node:assert/strict'
import { sampleDigest, SAMPLE_NOW } from '../sample-rows.ts'
import { race, type ContractTest } from './harness.ts'

const POLICY = { burst: 5, refill: 30 }
const KEY = sampleDigest('alice')

/** What throttling promises. */
export function attemptsContract(test: ContractTest): void {
  test('as many of twenty attempts at once go on as the burst allows', async ({ store }) => {
    assert.equal(await race(() => store.attempts.take(KEY, POLICY, SAMPLE_NOW), 0), POLICY.burst)
  })

  test('says how long to wait, and lets one more through after that', async ({ store }) => {
    for (let count = 0; count < POLICY.burst; count += 1) {
      assert.equal(await store.attempts.take(KEY, POLICY, SAMPLE_NOW), 0)
    }
    assert.equal(await store.attempts.take(KEY, POLICY, SAMPLE_NOW), 30)
    assert.equal(await store.attempts.take(KEY, POLICY, SAMPLE_NOW + 10), 20)
    assert.equal(await store.attempts.take(KEY, POLICY, SAMPLE_NOW + 30), 0)
    assert.equal(await store.attempts.take(KEY, POLICY, SAMPLE_NOW + 30), 30)
  })

  test('keeps count over parts of a second, and through sweeping', async ({
    clock,
    store,
    opened,
  }) => {
    const policy = { burst: 2, refill: 2.5 }
    await store.attempts.take(KEY, policy, SAMPLE_NOW)
    await store.attempts.take(KEY, policy, SAMPLE_NOW)
    clock.set(SAMPLE_NOW + 2)
    await opened.sweep?.(100)
    assert.equal(await store.attempts.take(KEY, policy, SAMPLE_NOW + 2), 1)
    assert.equal(await store.attempts.take(KEY, policy, SAMPLE_NOW + 3), 0)
  })

  test('gives everything back after a success, to that one alone', async ({ store }) => {
    const policy = { burst: 1, refill: 60 }
    const neighbour = sampleDigest('bob')
    await store.attempts.take(KEY, policy, SAMPLE_NOW)
    await store.attempts.take(neighbour, policy, SAMPLE_NOW)
    await store.attempts.clear(KEY)
    await store.attempts.clear(sampleDigest('nobody'))
    assert.equal(await store.attempts.take(KEY, policy, SAMPLE_NOW), 0)
    assert.equal(await store.attempts.take(neighbour, policy, SAMPLE_NOW), 60)
  })
}
