import assert from 'node:assert/strict'
import { test } from 'node:test'
import { takeAttempt } from './attempts.ts'

const POLICY = { burst: 3, refill: 10 }
const NOW = 1_000_000

/** Takes attempts at these moments and answers the waits. */
function waits(...moments: readonly number[]): readonly number[] {
  let fullAt = 0
  return moments.map((now) => {
    const attempt = takeAttempt(fullAt, POLICY, now)
    fullAt = attempt.fullAt
    return attempt.wait
  })
}

test('gives the burst at once and says how long to wait for more', () => {
  assert.deepEqual(waits(NOW, NOW, NOW, NOW, NOW + 4), [0, 0, 0, 10, 6])
})

test('gives one more each refill, and no more than the burst after a long rest', () => {
  assert.deepEqual(waits(NOW, NOW, NOW, NOW + 10, NOW + 10), [0, 0, 0, 0, 10])
  const later = NOW + 100_000
  assert.deepEqual(waits(NOW, later, later, later, later), [0, 0, 0, 0, 10])
})

test('does not prolong the wait of somebody who hammers on', () => {
  const hammering = Array.from({ length: 100 }, () => NOW)
  assert.deepEqual(waits(...hammering, NOW + 10).slice(-2), [10, 0])
})

test('never makes anybody wait longer than one refill, not even when the clock was ahead', () => {
  const { wait } = takeAttempt(NOW + 86_400, POLICY, NOW)
  assert.equal(wait, 10)
})

test('answers whole seconds, never zero for a refusal', () => {
  assert.equal(takeAttempt(NOW + 20.5, POLICY, NOW).wait, 1)
})

test('a policy without any burst lets nothing through', () => {
  assert.ok(takeAttempt(0, { burst: 0, refill: 10 }, NOW).wait > 0)
})
