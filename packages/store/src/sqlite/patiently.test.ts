import assert from 'node:assert/strict'
import { test } from 'node:test'
import { patiently } from './patiently.ts'

function failure(errcode: number): Error {
  return Object.assign(new Error('database is locked'), { errcode })
}

test('works again until the other process lets go, with a pause in between', () => {
  let tries = 0
  let pauses = 0
  const work = (): string => {
    tries += 1
    if (tries < 4) throw failure(5)
    return 'done'
  }
  assert.equal(
    patiently(work, () => (pauses += 1)),
    'done',
  )
  assert.deepEqual([tries, pauses], [4, 3])
})

test('gives up in the end', () => {
  let tries = 0
  const work = (): never => {
    tries += 1
    throw failure(5)
  }
  assert.throws(() => patiently(work, () => undefined), /locked/)
  assert.equal(tries, 100)
})

test('does not try again what failed for another reason', () => {
  const pause = (): never => assert.fail('paused')
  const work = (): never => {
    throw failure(11)
  }
  assert.throws(() => patiently(work, pause), /locked/)
})
