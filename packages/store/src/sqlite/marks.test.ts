import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Marks } from './marks.ts'

test('forgets what has ended while new marks come, and nothing that still counts', () => {
  const marks = new Marks()
  marks.addAll([{ digest: 'lasting', until: 1_000_000 }], 0)
  for (let now = 0; now < 200_000; now += 10) {
    marks.addAll([{ digest: `mark ${now}`, until: now + 60 }], now)
  }
  assert.ok(marks.size < 250, `${marks.size} marks are left`)
  assert.notEqual(marks.addAll([{ digest: 'lasting', until: 1_000_000 }], 200_000), undefined)
})

test('PKJ-06 DPOP-PRF-15 a mark is known when the clock was set ahead and is set back', () => {
  const marks = new Marks()
  const mark = { digest: 'used', until: 1_060 }
  marks.addAll([mark], 1_000)
  for (let count = 0; count < 100; count += 1)
    marks.addAll([{ digest: `${count}`, until: 1_700 }], 1_659)
  assert.deepEqual(marks.addAll([mark], 1_000), mark)
})
