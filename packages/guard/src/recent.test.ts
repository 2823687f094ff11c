import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRecent } from './recent.ts'

const LATER = { until: 100 }

test('what is asked for stays, what is not goes, and there is never more than allowed', () => {
  const recent = createRecent<typeof LATER>(10)
  recent.remember('asked for', LATER)
  for (let count = 0; count < 1000; count += 1) {
    recent.remember(`flood ${count}`, LATER)
    assert.ok(recent.size <= 10)
    assert.equal(recent.find('asked for', 0), LATER)
  }
  assert.equal(recent.find('flood 999', 0), LATER)
  assert.equal(recent.find('flood 0', 0), undefined)
})

test('a row ends in time', () => {
  const recent = createRecent<typeof LATER>(10)
  recent.remember('a', LATER)
  assert.equal(recent.find('a', 99), LATER)
  assert.equal(recent.find('a', 100), undefined)
})

test('where nothing may be remembered, nothing is', () => {
  const recent = createRecent<typeof LATER>(0)
  recent.remember('a', LATER)
  assert.equal(recent.find('a', 0), undefined)
  assert.equal(recent.size, 0)
})
