import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ALGORITHMS } from '../jose/algorithms.ts'
import { decodeJwt } from '../jose/decode.ts'
import { verificationKeyOf } from '../jose/describe-signing-key.ts'
import { generateSigningKey } from '../jose/generate-signing-key.ts'
import { verifySignature } from '../jose/verify.ts'
import { Refused } from '../rules/refusal.ts'
import { forgeries } from '../testing/jwt-forge.ts'
import type { IdTokenClaims } from './claims.ts'
import { atHash, createIdToken } from './create.ts'
import { verifyIdTokenHint } from './verify-hint.ts'

const key = generateSigningKey('ES256')
const claims: IdTokenClaims = {
  iss: 'https://as.example',
  sub: 'alice',
  aud: 'bank',
  iat: 1,
  exp: 2,
  nonce: 'n',
  sid: 's',
}
const context = { issuer: claims.iss, keys: [verificationKeyOf(key)] }

for (const [title, token] of Object.entries(forgeries({ kid: key.kid }, claims, key))) {
  test(`LOG-03 refuses a hint with ${title}`, () => {
    assert.throws(
      () => verifyIdTokenHint(token, context),
      (error) => {
        assert.ok(error instanceof Refused, String(error))
        assert.equal(error.refusal.error, 'invalid_request')
        return true
      },
    )
  })
}

test('LOG-03 an ID token of ours is a hint for ever, also when its key no longer signs', () => {
  const retired = {
    issuer: claims.iss,
    keys: [verificationKeyOf(generateSigningKey('ES256')), ...context.keys],
  }
  assert.deepEqual(verifyIdTokenHint(createIdToken(claims, key), retired), claims)
})

test('OIDC-02 an ID token names its key and its algorithm', () => {
  for (const algorithm of ALGORITHMS) {
    const own = generateSigningKey(algorithm)
    const jwt = decodeJwt(createIdToken(claims, own))
    assert.deepEqual(jwt.header, { typ: 'JWT', alg: algorithm, kid: own.kid })
    assert.equal(verifySignature(jwt, verificationKeyOf(own)), true)
  }
})

test('SP-CR-02 a client gets the name of the Ed25519 algorithm that it registered', () => {
  const own = generateSigningKey('Ed25519')
  assert.equal(decodeJwt(createIdToken(claims, own, 'EdDSA')).header.alg, 'EdDSA')
  assert.throws(() => createIdToken(claims, own, 'ES256'), TypeError)
})

test('OIDC-09 at_hash is half the digest that belongs to the algorithm', () => {
  // computed with: printf %s TOKEN | openssl dgst -binary | head -c HALF | base64
  const token = 'jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y' // OpenID Connect Core, appendix A.3
  assert.equal(atHash(token, 'PS256'), '77QmUPtjPfzWtF2AnpK9RQ')
  assert.equal(atHash(token, 'ES256'), '77QmUPtjPfzWtF2AnpK9RQ')
  assert.equal(atHash(token, 'Ed25519'), atHash(token, 'EdDSA'))
  assert.equal(atHash(token, 'EdDSA'), 'q7nS86GgvvFaZkzALLWqJYaJIKw2wCDAVfCAsm5CrBM')
})
