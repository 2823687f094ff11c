import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ALGORITHMS } from './algorithms.ts'
import { generateSigningKey } from './generate-signing-key.ts'
import { exportPrivateJwk, importPrivateJwk } from './private-jwk.ts'
import { UnusableKey } from './public-jwk.ts'

const ec = exportPrivateJwk(generateSigningKey('ES256'))
const other = exportPrivateJwk(generateSigningKey('ES256'))

const [rsa, otherRsa] = [
  exportPrivateJwk(generateSigningKey('PS256')),
  exportPrivateJwk(generateSigningKey('PS256')),
]

test('a private RSA key with the modulus of another key is not read from the key store', () => {
  const { kid, n } = { n: '', ...otherRsa }
  assert.throws(() => importPrivateJwk({ ...rsa, n, kid }), UnusableKey)
})

for (const [title, jwk] of Object.entries({
  nothing: undefined,
  'no alg': { ...ec, alg: undefined },
  'an alg of another kind of key': { ...ec, alg: 'PS256' },
  'an alg outside of the profile': { ...ec, alg: 'RS256' },
  'no private part': { ...ec, d: undefined },
  'a private part of another key': { ...ec, d: other.d },
  'another name': { ...ec, kid: other.kid },
})) {
  test(`a private key with ${title} is not read from the key store`, () => {
    assert.throws(() => importPrivateJwk(jwk), UnusableKey)
  })
}

test('a private key comes back from the key store as it was', () => {
  for (const algorithm of ALGORITHMS) {
    const key = generateSigningKey(algorithm)
    const stored: unknown = JSON.parse(JSON.stringify(exportPrivateJwk(key)))
    const back = importPrivateJwk(stored)
    assert.ok(back.privateKey.equals(key.privateKey))
    assert.deepEqual(back.publicJwk, key.publicJwk)
    assert.equal(back.algorithm, algorithm)
    assert.equal(back.kid, key.kid)
  }
})
