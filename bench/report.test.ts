import assert from 'node:assert/strict'
import { test } from 'node:test'
import { median, summarise, table, type Measured } from './report.ts'

const round = (
  par: number,
): { par: number; authorize: number; token: number; userinfo: number } => ({
  par,
  authorize: 10,
  token: 20,
  userinfo: 30,
})

const measured: Measured = {
  flows: 100,
  modes: new Map([
    ['memory', [round(40), round(400), round(50)]],
    ['peer', [round(160), round(1000), round(120)]],
    ['floor', [round(0), round(0), round(0)]],
  ]),
  clientCredentials: new Map([['memory', [180, 900, 190]]]),
  verify: [44, 90, 43],
}

test('the median is the middle, whatever the order', () => {
  assert.equal(median([9, 1, 5]), 5)
  assert.equal(median([9, 1, 5, 3]), 4)
  assert.equal(median([7]), 7)
  assert.throws(() => median([]), RangeError)
})

test('a disturbed round does not move the figures', () => {
  const { flow, client_credentials, endpoints, es256_verify_us } = summarise(measured)
  assert.deepEqual(client_credentials, { memory_us: 190 })
  assert.deepEqual(flow, { memory_us: 110, peer_us: 220, floor_us: 60 })
  assert.deepEqual(endpoints['memory'], { par: 50, authorize: 10, token: 20, userinfo: 30 })
  assert.equal(es256_verify_us, 44)
})

test('the table tells the unit, the spread and how often one mode fits into another', () => {
  const told = table(measured)
  assert.match(told, /one cached ES256 verify = 44 µs/)
  assert.match(told, /client_credentials, memory: 190 µs per token/)
  assert.match(told, /peer \/ memory = 2\.00/)
  assert.match(told, /memory \/ floor = 1\.83/)
  assert.doesNotMatch(told, /sqlite/)
  assert.match(told, /^memory +110 +50 +10 +20 +30 +100 +460 +2\.5$/m)
})
