import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepKeys } from './kept-keys.ts'

test('keys that do not fit are asked for again, now and then, whichever way the clock went', async () => {
  let [time, asked] = [1_000_000, 0]
  const find = keepKeys(async () => ({ version: (asked += 1) }), { now: () => time })
  const fits = (): boolean => false
  assert.equal((await find(fits)).version, 1)
  time += 9
  assert.equal((await find(fits)).version, 1)
  time += 1
  assert.equal((await find(fits)).version, 2)
  time -= 600
  assert.equal((await find(fits)).version, 3)
})
