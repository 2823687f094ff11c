import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Recollection } from './recollection.ts'

test('what was decided within the last minute is said again, for as long as it has left', () => {
  let time = 0
  const recollection = new Recollection(() => time)
  recollection.add({ key: 'marked', value: '1', milliseconds: 90_000 })
  time = 20_000
  recollection.add({ key: 'claimed', milliseconds: 0 })
  time = 60_000
  assert.deepEqual(recollection.commands(), [
    { key: 'marked', command: ['SET', 'marked', '1', 'NX', 'PX', '30000'] },
    { key: 'claimed', command: ['DEL', 'claimed'] },
  ])
})

test('what is older than two minutes is forgotten, however much or little is decided', () => {
  for (const step of [100, 7_000, 61_000, 500_000]) {
    let time = 0
    const recollection = new Recollection(() => time)
    for (; time < 1_200_000; time += step) {
      recollection.add({ key: `${time}`, value: '1', milliseconds: 1_000_000_000 })
      const kept = recollection.commands().map(({ key }) => Number(key))
      assert.ok(kept.every((at) => at >= time - 120_000 - step))
      const young = kept.filter((at) => at >= time - 60_000)
      assert.equal(young.length, Math.min(Math.floor(60_000 / step), time / step) + 1)
    }
  }
})
