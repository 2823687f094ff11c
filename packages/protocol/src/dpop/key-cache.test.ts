import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateSigningKey } from '../jose/generate-signing-key.ts'
import { parsePublicJwk, UnusableKey } from '../jose/public-jwk.ts'
import { createProofKeys } from './key-cache.ts'

const jwk = (): object => parsePublicJwk(generateSigningKey('ES256').publicJwk)

test('a key is imported once', () => {
  const keys = createProofKeys(2)
  const one = jwk()
  assert.equal(keys.keyOf(one), keys.keyOf({ ...one }))
})

test('so many keys are remembered, and one that was not asked for lately is forgotten first', () => {
  const keys = createProofKeys(2)
  const [a, b, c] = [jwk(), jwk(), jwk()]
  const [keyA, keyB] = [keys.keyOf(a), keys.keyOf(b)]
  assert.equal(keys.keyOf(a), keyA)
  keys.keyOf(c)
  assert.equal(keys.size, 2)
  assert.equal(keys.keyOf(a), keyA)
  assert.notEqual(keys.keyOf(b), keyB)
})

test('a key with a long tail is used and not remembered', () => {
  const keys = createProofKeys(2)
  assert.equal(keys.keyOf({ ...jwk(), more: 'a'.repeat(3000) }).kty, 'EC')
  assert.equal(keys.size, 0)
})

test('DPOP-PRF-07 what is remembered of a key says nothing for the same key with a private member', () => {
  const keys = createProofKeys(2)
  const one = jwk()
  keys.keyOf(one)
  for (let again = 0; again < 2; again++) {
    assert.throws(() => keys.keyOf({ ...one, d: 'AQ' }), UnusableKey)
  }
  assert.equal(keys.size, 1)
})
