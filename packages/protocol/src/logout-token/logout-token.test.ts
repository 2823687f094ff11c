import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verifyAccessToken } from '../access-token/verify.ts'
import { verifyIdTokenHint } from '../id-token/verify-hint.ts'
import { decodeJwt } from '../jose/decode.ts'
import { verificationKeyOf } from '../jose/describe-signing-key.ts'
import { generateSigningKey } from '../jose/generate-signing-key.ts'
import { verifySignature } from '../jose/verify.ts'
import { Refused } from '../rules/refusal.ts'
import { createLogoutToken, type LogoutTokenClaims } from './create.ts'

const key = generateSigningKey('ES256')
const claims: LogoutTokenClaims = {
  iss: 'https://as.example',
  sub: 'alice',
  aud: 'bank',
  iat: 1,
  exp: 121,
  jti: 'j',
  sid: 's',
}

test('LOG-07 JWT-09 a logout token is never taken for an ID token or an access token', () => {
  const token = createLogoutToken(claims, key)
  const keys = [verificationKeyOf(key)]
  assert.throws(() => verifyIdTokenHint(token, { issuer: claims.iss, keys }), Refused)
  assert.throws(() => verifyAccessToken(token, { issuer: claims.iss, keys, now: 1 }), Refused)
})

test('LOG-07 a logout token has its type, its event as an object, and no nonce', () => {
  const jwt = decodeJwt(createLogoutToken(claims, key))
  assert.deepEqual(jwt.header, { typ: 'logout+jwt', alg: 'ES256', kid: key.kid })
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
  assert.deepEqual(jwt.claims, { ...claims, events })
  assert.equal(verifySignature(jwt, verificationKeyOf(key)), true)
})

test('LOG-07 a client gets the name of the algorithm that it registered', () => {
  const own = generateSigningKey('Ed25519')
  assert.equal(decodeJwt(createLogoutToken(claims, own, 'EdDSA')).header.alg, 'EdDSA')
})
