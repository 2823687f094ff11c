import assert from 'node:assert/strict'
import { test } from 'node:test'
import { replayInMemory } from './replay.ts'

test('DPOP-PRF-15 a mark is new once, through its last second, and new again afterwards', async () => {
  let now = 100
  const replay = replayInMemory(() => now)
  const mark = { digest: 'a', until: 160 }
  assert.equal(await replay.first([mark]), undefined)
  assert.equal(await replay.first([{ ...mark, until: 170 }]).then((seen) => seen?.digest), 'a')
  now = 160
  assert.notEqual(await replay.first([mark]), undefined)
  now = 161
  assert.equal(await replay.first([{ digest: 'a', until: 220 }]), undefined)
})

test('DPOP-PRF-15 no mark is new again because a clock was ahead and is set back', async () => {
  let now = 100
  const replay = replayInMemory(() => now)
  const used = { digest: 'used', until: 160 }
  await replay.first([used])
  now = 161
  for (const digest of ['b', 'c']) await replay.first([{ digest, until: 161 }])
  now = 101
  assert.equal(await replay.first([used]), used)
  assert.equal(await replay.first([{ digest: 'fresh', until: 161 }]), undefined)
})

test('DPOP-PRF-15 of several marks all are taken or none', async () => {
  const replay = replayInMemory(() => 0)
  const [a, b] = [
    { digest: 'a', until: 60 },
    { digest: 'b', until: 60 },
  ]
  await replay.first([a])
  assert.equal(await replay.first([b, a]), a)
  assert.equal(await replay.first([b]), undefined)
  assert.notEqual(
    await replay.first([
      { digest: 'c', until: 60 },
      { digest: 'c', until: 60 },
    ]),
    undefined,
  )
})

test('marks that are over are forgotten while new ones come', async () => {
  let now = 0
  const replay = replayInMemory(() => now)
  for (let count = 0; count < 10_000; count += 1) {
    now += 1
    await replay.first([{ digest: `mark ${count}`, until: now + 60 }])
  }
  assert.ok(replay.size < 300, `${replay.size} marks`)
})
