import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBff } from './plugin.ts'
import { createMemorySessions } from './testing/memory-sessions.ts'
import { sampleOptions } from './testing/sample-options.ts'

const NOW = 1_800_000_000

test('LOG-08 a process whose clock is ahead makes no logout token new for the others', async () => {
  const store = createMemorySessions()
  const sweepAt = (now: number): Promise<number> => {
    const sessions = { ...sampleOptions().sessions, store }
    return createBff(sampleOptions({ sessions, clock: { now: () => now } })).sweep(10)
  }
  await store.first('a jti', NOW + 60, NOW)
  assert.equal(await sweepAt(NOW + 659), 0)
  assert.equal(await store.first('a jti', NOW + 60, NOW), false)
  assert.equal(await sweepAt(NOW + 660), 1)
})
