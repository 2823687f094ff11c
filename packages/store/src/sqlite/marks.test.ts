import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Marks } from './marks.ts'

test('forgets what has ended while new marks come, and nothing that still counts', () => {
  const marks = new Marks()
  marks.addAll([{ digest: 'lasting', until: 1_000_000 }], 0)
  for (let now = 0; now < 20_000; now += 1) {
    marks.addAll([{ digest: `mark ${now}`, until: now + 60 }], now)
  }
  assert.ok(marks.size < 250, `${marks.size} marks are left`)
  assert.notEqual(marks.addAll([{ digest: 'lasting', until: 1_000_000 }], 20_000), undefined)
})
