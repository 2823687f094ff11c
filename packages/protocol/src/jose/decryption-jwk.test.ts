import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import * as jose from 'jose'
import { exportDecryptionJwk, importDecryptionJwk } from './decryption-jwk.ts'
import { KEY_MANAGEMENT_OF } from './encryption-algorithms.ts'
import { generateEncryptionKey } from './generate-encryption-key.ts'
import { generateSigningKey } from './generate-signing-key.ts'
import { exportPrivateJwk, importPrivateJwk } from './private-jwk.ts'
import { UnusableKey } from './public-jwk.ts'

const x25519 = (): object => generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' })
const p521 = (): object =>
  generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey.export({ format: 'jwk' })
const ec = exportDecryptionJwk(generateEncryptionKey('ECDH-ES'))
const otherEc = exportDecryptionJwk(generateEncryptionKey('ECDH-ES'))
const rsa = exportDecryptionJwk(generateEncryptionKey('RSA-OAEP-256'))
const otherRsa = exportDecryptionJwk(generateEncryptionKey('RSA-OAEP-256'))
const { d: otherD, x: otherX } = { d: '', x: '', ...x25519() }

for (const [title, jwk] of Object.entries({
  nothing: undefined,
  'an array': [ec],
  'no private part': { ...ec, d: undefined },
  'a private part of another key': { ...ec, d: otherEc.d },
  'a private part that is no number': { ...ec, d: 7 },
  'an X25519 private part of another key': { ...x25519(), d: otherD },
  'an X25519 public part of another key': { ...x25519(), x: otherX },
  'a P-521 private part of another key': { ...p521(), d: { d: '', ...p521() }.d },
  'the modulus of another key': { ...rsa, n: { n: '', ...otherRsa }.n },
  'another exponent': { ...rsa, e: 'AQAD' },
  'the primes of another key': {
    ...rsa,
    p: otherRsa['p'],
    q: otherRsa['q'],
    dp: otherRsa['dp'],
    dq: otherRsa['dq'],
    qi: otherRsa['qi'],
  },
  'a use for signatures': { ...ec, use: 'sig' },
  'an alg for signatures': { ...ec, alg: 'ES256' },
  'an alg of another kind of key': { ...ec, alg: 'RSA-OAEP-256' },
  'an alg outside of the profile': { ...rsa, alg: 'RSA1_5' },
  'key_ops for signatures': { ...ec, key_ops: ['sign'] },
  'a kid that is no text': { ...ec, kid: 1 },
  'a shared secret in it': { ...ec, k: 'AAAA' },
  'a curve for signatures': generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }),
})) {
  test(`a key to decrypt with that has ${title} is not read`, () => {
    assert.throws(() => importDecryptionJwk(jwk), UnusableKey)
  })
}

test('a key to decrypt with comes back from the key store as it was', () => {
  for (const algorithm of ['RSA-OAEP-256', 'ECDH-ES'] as const) {
    const key = generateEncryptionKey(algorithm)
    const stored: unknown = JSON.parse(JSON.stringify(exportDecryptionJwk(key)))
    const back = importDecryptionJwk(stored)
    assert.ok(back.privateKey.equals(key.privateKey))
    assert.deepEqual({ ...back, privateKey: 0 }, { ...key, privateKey: 0 })
    assert.equal(back.algorithm, algorithm)
  }
})

test('a key of ours is published for encryption, named by its thumbprint, without a private member', async () => {
  for (const algorithm of ['RSA-OAEP-256', 'ECDH-ES'] as const) {
    const { kid, publicJwk, algorithms } = generateEncryptionKey(algorithm)
    assert.equal(kid, await jose.calculateJwkThumbprint({ ...publicJwk }))
    assert.equal(publicJwk.kid, kid)
    assert.equal(publicJwk.use, 'enc')
    assert.ok(!('d' in publicJwk) && !('p' in publicJwk))
    assert.deepEqual(algorithms, KEY_MANAGEMENT_OF[publicJwk.kty])
  }
})

test('an RSA key is published with its alg, an EC key without: it serves three, and peers take alg at its word', async () => {
  assert.equal(rsa.alg, 'RSA-OAEP-256')
  const { publicJwk } = generateEncryptionKey('ECDH-ES')
  assert.ok(!('alg' in publicJwk))
  for (const alg of KEY_MANAGEMENT_OF.EC) {
    const encrypt = (jwk: object): Promise<string> =>
      new jose.CompactEncrypt(new Uint8Array(1))
        .setProtectedHeader({ alg, enc: 'A128GCM' })
        .encrypt(jwk)
    await encrypt({ ...publicJwk })
    if (alg !== 'ECDH-ES')
      await assert.rejects(encrypt({ ...publicJwk, alg: 'ECDH-ES' }), TypeError)
  }
})

test('a key that was made elsewhere keeps its name, its curve and its one algorithm', () => {
  const alg = 'ECDH-ES+A128KW'
  const key = importDecryptionJwk({ ...p521(), kid: 'mine', use: 'enc', alg, ext: true })
  assert.equal(key.kid, 'mine')
  assert.deepEqual(key.algorithms, [alg])
  assert.equal(key.algorithm, 'ECDH-ES')
  assert.equal(key.publicJwk.alg, alg)
  assert.ok(!('ext' in key.publicJwk))
  assert.deepEqual(importDecryptionJwk(exportDecryptionJwk(key)).publicJwk, key.publicJwk)
  const { kid, publicJwk } = importDecryptionJwk({ ...x25519(), key_ops: ['deriveBits'] })
  assert.equal(kid, publicJwk.kid)
  assert.equal(kid.length, 43)
})

test('JWT-09 neither store takes the keys of the other', () => {
  assert.throws(
    () => importDecryptionJwk(exportPrivateJwk(generateSigningKey('ES256'))),
    UnusableKey,
  )
  for (const jwk of [ec, rsa]) assert.throws(() => importPrivateJwk(jwk), UnusableKey)
})
