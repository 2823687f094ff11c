import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRecent } from './recent.ts'

test('what is asked for stays, what is not goes, and there is never more than allowed', () => {
  const recent = createRecent<object>(10)
  const kept = { name: 'kept' }
  recent.remember('asked for', kept)
  for (let count = 0; count < 1000; count += 1) {
    recent.remember(`flood ${count}`, { count })
    assert.ok(recent.size <= 10, `${recent.size} are left`)
    assert.equal(recent.find('asked for'), kept)
  }
  assert.deepEqual(recent.find('flood 999'), { count: 999 })
  assert.equal(recent.find('flood 0'), undefined)
})
