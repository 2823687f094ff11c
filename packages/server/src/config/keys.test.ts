import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printConfig } from './print.ts'
import { createFolder, LEAST } from './testing/folder.ts'

const { load, problems } = createFolder()
const DAY = 86_400

test('keys are replaced by schedule unless the file says otherwise', () => {
  const usual = { announce: 600, retire: DAY, rotateEvery: 90 * DAY, rotateNoncesEvery: 30 * DAY }
  assert.deepEqual(load(LEAST).keys, usual)
  const often = { rotate_every: 7 * DAY, rotate_nonces_every: 3_600, retire: 60 }
  assert.deepEqual(load({ ...LEAST, keys: often }).keys, {
    announce: 600,
    retire: 60,
    rotateEvery: 7 * DAY,
    rotateNoncesEvery: 3_600,
  })
  const never = { rotate_every: 0, rotate_nonces_every: 0 }
  assert.deepEqual(load({ ...LEAST, keys: never }).keys, { announce: 600, retire: DAY })
  assert.equal(load(LEAST, { SIGNET_KEYS_ROTATE_EVERY: '0' }).keys.rotateEvery, undefined)
})

test('a schedule in days instead of seconds is refused', () => {
  for (const rotate_every of [90, 3_599, -1]) {
    assert.match(problems({ ...LEAST, keys: { rotate_every } }).join(), /^keys\.rotate_every: /)
  }
})

test('a schedule, also none, is printed as the file has it', () => {
  for (const keys of [{}, { rotate_every: 0 }, { rotate_nonces_every: 7_200 }]) {
    const config = load({ ...LEAST, keys })
    assert.deepEqual(load(printConfig(config)), config)
  }
})
