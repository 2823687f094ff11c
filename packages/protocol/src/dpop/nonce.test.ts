import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { createNonces } from './nonce.ts'

const key = Buffer.alloc(32, 1)
const options = { key, stepSeconds: 30, keep: 2 }

test('DPOP-AS-07 DPOP-PRF-11 a nonce is accepted in its own step and in so many later ones, and not after', () => {
  const nonces = createNonces(options)
  const nonce = nonces.current(3000)
  for (const now of [3000, 3029, 3030, 3059, 3060, 3089]) assert.ok(nonces.accepts(nonce, now))
  for (const now of [3090, 3120, 100_000]) assert.ok(!nonces.accepts(nonce, now), `${now}`)
  assert.ok(3090 - 2970 <= nonces.lifetime)
})

test('DPOP-AS-07 a machine whose clock is one step behind accepts what the other handed out', () => {
  const nonce = createNonces(options).current(3030)
  assert.ok(createNonces(options).accepts(nonce, 3029))
  assert.ok(!createNonces(options).accepts(nonce, 2999))
})

test('DPOP-AS-07 DPOP-PRF-11 nobody makes nonces without the key', () => {
  const strangers = createNonces({ ...options, key: Buffer.alloc(32, 2) })
  const nonces = createNonces(options)
  assert.ok(!nonces.accepts(strangers.current(3000), 3000))
  for (const nonce of ['', 'a', 'é'.repeat(43), 'A'.repeat(43), `${nonces.current(3000)}A`]) {
    assert.ok(!nonces.accepts(nonce, 3000))
  }
})

test('DPOP-AS-07 nonces change with time and with the key, and not otherwise', () => {
  const nonces = createNonces(options)
  assert.equal(nonces.current(3000), nonces.current(3029))
  assert.notEqual(nonces.current(3000), nonces.current(3030))
  assert.equal(nonces.current(3000), createNonces(options).current(3001))
})

test('DPOP-AS-07 after a rotation of the key the nonces of before still count', () => {
  const before = createNonces(options).current(3000)
  const after = createNonces({ ...options, key: Buffer.alloc(32, 2), earlierKeys: [key] })
  assert.ok(after.accepts(before, 3000))
  assert.ok(after.accepts(after.current(3000), 3000))
  assert.notEqual(after.current(3000), before)
})

test('DPOP-AS-06 a nonce has only characters that a nonce may have', () => {
  const nonces = createNonces({ key })
  for (let now = 0; now < 6000; now += 30) assert.match(nonces.current(now), /^[\w-]{43}$/)
})

test('nonces that could be guessed, or times that make no sense, are not made', () => {
  assert.throws(() => createNonces({ key: Buffer.alloc(31) }), RangeError)
  assert.throws(() => createNonces({ key, earlierKeys: [Buffer.alloc(0)] }), RangeError)
  assert.throws(() => createNonces({ key, stepSeconds: 0 }), RangeError)
  assert.throws(() => createNonces({ key, keep: -1 }), RangeError)
  assert.throws(() => createNonces({ key, keep: 0.5 }), RangeError)
})
