import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ALGORITHMS } from '../jose/algorithms.ts'
import { decodeJwt } from '../jose/decode.ts'
import { verificationKeyOf } from '../jose/describe-signing-key.ts'
import { generateSigningKey } from '../jose/generate-signing-key.ts'
import { Refused } from '../rules/refusal.ts'
import { forgeries } from '../testing/jwt-forge.ts'
import type { AccessTokenClaims } from './claims.ts'
import { createAccessToken } from './create.ts'
import { verifyAccessToken, type AccessTokenContext } from './verify.ts'

const NOW = 1_800_000_000
const key = generateSigningKey('ES256')
const claims: AccessTokenClaims = {
  iss: 'https://as.example',
  sub: 'alice',
  aud: 'https://api.example',
  client_id: 'bank',
  iat: NOW,
  exp: NOW + 300,
  jti: 'x',
  scope: 'openid accounts',
  auth_time: NOW - 10,
  acr: 'urn:example:loa2',
  amr: ['pwd'],
  cnf: { jkt: 'k' },
  authorization_details: [{ type: 'payment', amount: '1.00' }],
}
const context: AccessTokenContext = {
  issuer: claims.iss,
  audience: 'https://api.example',
  keys: [verificationKeyOf(key)],
  now: NOW,
}

for (const [title, token] of Object.entries(
  forgeries({ typ: 'at+jwt', kid: key.kid }, claims, key),
)) {
  test(`JAT-05 refuses an access token with ${title}`, () => {
    assert.throws(
      () => verifyAccessToken(token, context),
      (error) => {
        assert.ok(error instanceof Refused, String(error))
        assert.equal(error.refusal.error, 'invalid_token')
        return true
      },
    )
  })
}

test('JAT-01 an access token has typ at+jwt, names its key and is signed, with each algorithm', () => {
  for (const algorithm of ALGORITHMS) {
    const own = generateSigningKey(algorithm)
    const token = createAccessToken(claims, own)
    assert.deepEqual(decodeJwt(token).header, { typ: 'at+jwt', alg: algorithm, kid: own.kid })
    verifyAccessToken(token, { ...context, keys: [verificationKeyOf(own)] })
  }
})

test('JAT-02 an access token says what it was made with, and comes back so', () => {
  const token = createAccessToken(claims, key)
  assert.deepEqual(verifyAccessToken(token, context), claims)
})

test('JAT-03 what is not known of the login is not in the access token', () => {
  const { auth_time: _time, acr: _acr, amr: _amr, scope: _scope, ...rest } = claims
  const token = createAccessToken({ ...rest, acr: undefined, scope: undefined }, key)
  assert.deepEqual(decodeJwt(token).claims, rest)
})

test('JAT-05 an access token is taken until it expires, for its audience, by its issuer', () => {
  const token = createAccessToken(claims, key)
  const refuses = (change: Partial<AccessTokenContext>): void => {
    assert.throws(() => verifyAccessToken(token, { ...context, ...change }), { name: 'Refused' })
  }
  refuses({ now: NOW + 300 })
  refuses({ audience: 'https://other.example' })
  refuses({ issuer: 'https://other.example' })
  refuses({ keys: [verificationKeyOf(generateSigningKey('ES256'))] })
  assert.ok(verifyAccessToken(token, { ...context, now: NOW + 299, audience: undefined }))
})
