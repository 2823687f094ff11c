import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { assemble, forge, forgeries, macWithPublicKey } from '../testing/jwt-forge.ts'
import { ALGORITHMS, ALGORITHMS_OF } from './algorithms.ts'
import { decodeJwt } from './decode.ts'
import { verificationKeyOf } from './describe-signing-key.ts'
import { derOf, rawOf } from './ecdsa-signature.ts'
import { generateSigningKey } from './generate-signing-key.ts'
import { importPublicJwk, type VerificationKey } from './keys.ts'
import { signJwt } from './sign.ts'
import { selectKeys, verifySignature } from './verify.ts'

const claims = { sub: 'alice' }
const keys = ALGORITHMS.map((algorithm) => generateSigningKey(algorithm))
const key = generateSigningKey('ES256')
const verifier = verificationKeyOf(key)
const spoiled = forgeries({}, claims, key)

test('SP-CR-02 what a key signs it verifies, for each algorithm of the profile', () => {
  for (const signer of keys) {
    const jwt = decodeJwt(signJwt({ typ: 'x+jwt' }, claims, signer))
    assert.deepEqual(jwt.header, { typ: 'x+jwt', alg: signer.algorithm, kid: signer.kid })
    assert.deepEqual(jwt.claims, claims)
    assert.equal(verifySignature(jwt, verificationKeyOf(signer)), true)
  }
})

test('JWT-01 no key verifies a token that names an algorithm of another kind of key', () => {
  for (const signer of keys) {
    for (const alg of [...ALGORITHMS, 'RS256', 'PS384', 'ES384', 'HS256', 'none', 'es256', '']) {
      const fits = ALGORITHMS_OF[signer.publicJwk.kty].some((own) => own === alg)
      const jwt = decodeJwt(forge({ alg }, claims, signer))
      assert.equal(
        verifySignature(jwt, verificationKeyOf(signer)),
        fits,
        `${signer.algorithm} ${alg}`,
      )
    }
  }
})

test('SP-CR-03 alg none is never accepted, however it is spelled and whatever its signature', () => {
  for (const signer of keys) {
    for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
      for (const tail of ['', 'AAAA', Buffer.alloc(64)]) {
        const jwt = decodeJwt(assemble({ alg }, claims, tail))
        assert.equal(verifySignature(jwt, verificationKeyOf(signer)), false)
      }
    }
  }
})

test('JWT-04 a MAC keyed with the public key verifies nothing', () => {
  for (const signer of keys) {
    const jwt = decodeJwt(macWithPublicKey({}, claims, signer))
    assert.equal(verifySignature(jwt, verificationKeyOf(signer)), false)
  }
})

test('JWT-03 a signature of the wrong length or form is refused, never an exception', () => {
  for (const signer of keys) {
    for (const length of [0, 1, 32, 63, 64, 65, 96, 128, 255, 256, 257, 1024]) {
      for (const fill of [0, 1, 0xff]) {
        const token = assemble({ alg: signer.algorithm }, claims, Buffer.alloc(length, fill))
        assert.equal(verifySignature(decodeJwt(token), verificationKeyOf(signer)), false)
      }
    }
  }
  const der = decodeJwt(spoiled['a signature in DER'] ?? '')
  assert.equal(verifySignature(der, verifier), false)
})

test('JWT-03 an Ed25519 key that is no point of the curve verifies nothing', () => {
  const signer = generateSigningKey('EdDSA')
  const jwt = decodeJwt(signJwt({}, claims, signer))
  for (const byte of [2, 3, 4, 5, 6, 7, 8, 9]) {
    const x = Buffer.alloc(32, byte).toString('base64url')
    const stranger = importPublicJwk({ kty: 'OKP', crv: 'Ed25519', x })
    assert.equal(verifySignature(jwt, stranger), false)
  }
})

test('JWT-01 whoever signs cannot name an algorithm that the key is not for', () => {
  assert.throws(() => signJwt({ alg: 'PS256' }, claims, key), TypeError)
  const signer = generateSigningKey('Ed25519')
  const jwt = decodeJwt(signJwt({ alg: 'EdDSA' }, claims, signer))
  assert.equal(jwt.header.alg, 'EdDSA')
  assert.equal(verifySignature(jwt, verificationKeyOf(signer)), true)
})

test('an ES256 signature survives the way through DER, whatever its leading bytes', () => {
  const halves = [
    Buffer.alloc(32),
    Buffer.alloc(32, 0xff),
    Buffer.concat([Buffer.alloc(31), Buffer.from([1])]),
    Buffer.concat([Buffer.alloc(31), Buffer.from([0x80])]),
    Buffer.concat([Buffer.alloc(5), Buffer.alloc(27, 0x7f)]),
    Buffer.concat([Buffer.alloc(5), Buffer.alloc(27, 0x80)]),
  ]
  for (const r of halves) {
    for (const s of halves) {
      const raw = Buffer.concat([r, s])
      assert.deepEqual(rawOf(derOf(raw)), raw)
    }
  }
})

const named = (kid: string | undefined, alg: 'ES256' | 'PS256' = 'ES256'): VerificationKey => {
  const { kid: _kid, ...jwk } = generateSigningKey(alg).publicJwk
  return importPublicJwk({ ...jwk, ...(kid !== undefined && { kid }) })
}

test('SP-CR-11 all keys that share a kid and fit the algorithm are candidates', () => {
  const [a, b, rsa, other] = [named('k'), named('k'), named('k', 'PS256'), named('o')]
  assert.deepEqual(selectKeys([a, rsa, b, other], { kid: 'k', alg: 'ES256' }), [a, b])
  assert.deepEqual(selectKeys([a, rsa, b, other], { kid: 'k', alg: 'PS256' }), [rsa])
})

test('SP-CR-11 without kid in the token, every key that fits the algorithm is a candidate', () => {
  const [a, rsa, other] = [named('k'), named('k', 'PS256'), named('o')]
  assert.deepEqual(selectKeys([a, rsa, other], { alg: 'ES256' }), [a, other])
})

test('SP-CR-11 keys published without kid fit a kid that no key has, and only then', () => {
  const [bare, a] = [named(undefined), named('k')]
  assert.deepEqual(selectKeys([bare, a], { kid: 'x', alg: 'ES256' }), [bare])
  assert.deepEqual(selectKeys([bare, a], { kid: 'k', alg: 'ES256' }), [a])
  assert.deepEqual(selectKeys([a], { kid: 'x', alg: 'ES256' }), [])
})

test('SP-CR-11 so many keys are tried and no more', () => {
  const many = Array.from({ length: 9 }, () => named('k'))
  assert.deepEqual(selectKeys(many, { kid: 'k', alg: 'ES256' }), many.slice(0, 8))
})

test('SP-CR-02 no key fits an algorithm outside of the profile', () => {
  for (const alg of ['RS256', 'none', 'HS256', 'ES384', '']) {
    assert.deepEqual(selectKeys([named('k'), named('k', 'PS256')], { kid: 'k', alg }), [])
  }
})
