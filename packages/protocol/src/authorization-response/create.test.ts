import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as jose from 'jose'
import { ALGORITHMS } from '../jose/algorithms.ts'
import { decodeJwt } from '../jose/decode.ts'
import { verificationKeyOf } from '../jose/describe-signing-key.ts'
import { generateSigningKey } from '../jose/generate-signing-key.ts'
import { verifySignature } from '../jose/verify.ts'
import { createAuthorizationResponse, type AuthorizationResponse } from './create.ts'

const NOW = 1_800_000_000
const ISSUER = 'https://as.example'
const key = generateSigningKey('ES256')
const success: AuthorizationResponse = {
  issuer: ISSUER,
  clientId: 'bank',
  parameters: [
    ['code', 'c'],
    ['state', 's'],
  ],
  now: NOW,
  key,
}
const error: AuthorizationResponse = {
  ...success,
  parameters: [
    ['error', 'access_denied'],
    ['error_description', 'the user declined'],
    ['state', undefined],
  ],
}
const about = { iss: ISSUER, aud: 'bank', exp: NOW + 300 }
const claimsOf = (response: AuthorizationResponse) =>
  decodeJwt(createAuthorizationResponse(response)).claims

test('JARM-01 a response has iss, aud, exp and its parameters, and nothing else', () => {
  assert.deepEqual(claimsOf(success), { ...about, code: 'c', state: 's' })
})

test('JARM-01 JARM-07 an error is told in the same way, and expires like a success', () => {
  assert.deepEqual(claimsOf(error), {
    ...about,
    error: 'access_denied',
    error_description: 'the user declined',
  })
})

test('JARM-01 a response lives for ten minutes at most, also at a fraction of a second', () => {
  const { exp } = claimsOf({ ...success, now: NOW + 0.9 })
  assert.ok(typeof exp === 'number' && Number.isInteger(exp) && exp <= NOW + 600, String(exp))
})

test('MS-JARM-02 no parameter changes whose response it is, for whom, or until when', () => {
  const parameters = [
    ['iss', 'https://evil.example'],
    ['aud', 'evil'],
    ['exp', '9999999999'],
    ['__proto__', 'x'],
  ] as const
  assert.deepEqual(Object.entries(claimsOf({ ...success, parameters })), [
    ['iss', ISSUER],
    ['aud', 'bank'],
    ['exp', NOW + 300],
    ['__proto__', 'x'],
  ])
})

test('JARM-02 a response names its key, and is signed with it by each algorithm', async () => {
  for (const algorithm of ALGORITHMS) {
    const own = generateSigningKey(algorithm)
    const token = createAuthorizationResponse({ ...success, key: own })
    const jwt = decodeJwt(token)
    assert.deepEqual(jwt.header, { typ: 'JWT', alg: algorithm, kid: own.kid })
    assert.equal(verifySignature(jwt, verificationKeyOf(own)), true)
    await jose.jwtVerify(token, await jose.importJWK({ ...own.publicJwk }), {
      issuer: ISSUER,
      audience: 'bank',
      currentDate: new Date(NOW * 1_000),
      requiredClaims: ['iss', 'aud', 'exp'],
    })
  }
})

test('JARM-02 a client gets the name of the algorithm that it registered', () => {
  const own = generateSigningKey('Ed25519')
  const token = createAuthorizationResponse({ ...success, key: own, alg: 'EdDSA' })
  assert.equal(decodeJwt(token).header.alg, 'EdDSA')
  assert.throws(
    () => createAuthorizationResponse({ ...success, key: own, alg: 'ES256' }),
    TypeError,
  )
})
