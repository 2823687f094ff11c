import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeJwt, MalformedJwt } from '../jose/decode.ts'
import { verificationKeyOf } from '../jose/describe-signing-key.ts'
import { generateSigningKey } from '../jose/generate-signing-key.ts'
import { signJwt } from '../jose/sign.ts'
import { Refused } from '../rules/refusal.ts'
import { forge, forgeries } from '../testing/jwt-forge.ts'
import { createClientAssertion } from './create.ts'
import { verifyClientAssertion, type AssertionContext } from './verify.ts'

const NOW = 1_800_000_000
const ISSUER = 'https://as.example'
const key = generateSigningKey('ES256')
const request = { key, clientId: 'bank', issuer: ISSUER, now: NOW, jti: 'x' }
const context: AssertionContext = {
  issuer: ISSUER,
  now: NOW,
  clientId: 'bank',
  keys: [verificationKeyOf(key)],
}
const claims = { iss: 'bank', sub: 'bank', aud: ISSUER, jti: 'x', exp: NOW + 60 }

const verify = (token: string, change: Partial<AssertionContext> = {}) =>
  verifyClientAssertion(decodeJwt(token), { ...context, ...change })

function refuses(token: string, change: Partial<AssertionContext> = {}): void {
  assert.throws(
    () => verify(token, change),
    (error) => {
      if (error instanceof MalformedJwt) return true
      assert.ok(error instanceof Refused, String(error))
      assert.equal(error.refusal.error, 'invalid_client')
      assert.ok(!JSON.stringify(error).includes(token.split('.')[2] || '?'), 'it tells a signature')
      return true
    },
  )
}

for (const [title, token] of Object.entries(forgeries({ kid: key.kid }, claims, key))) {
  test(`PKJ-07 refuses an assertion with ${title}`, () => {
    refuses(token)
  })
}

test('PKJ-07 refuses a key that the assertion brings itself', () => {
  const stranger = generateSigningKey('ES256')
  refuses(forge({ alg: 'ES256', kid: key.kid, jwk: stranger.publicJwk }, claims, stranger))
  refuses(forge({ alg: 'ES256', jwk: stranger.publicJwk }, claims, stranger))
})

test('PKJ-07 refuses an algorithm other than the one the client registered', () => {
  refuses(createClientAssertion(request), { registeredAlgorithm: 'PS256' })
  assert.ok(verify(createClientAssertion(request), { registeredAlgorithm: 'ES256' }))
})

test('PKJ-12 an assertion we make is accepted, and tells what must be remembered and for how long', () => {
  const token = createClientAssertion(request)
  const { until, digest, ...rest } = verify(token)
  assert.deepEqual(rest, { clientId: 'bank', jti: 'x' })
  assert.match(digest, /^[\w-]{43}$/)
  refuses(token, { now: until })
  assert.ok(verify(token, { now: until - 1 }))
  assert.deepEqual(decodeJwt(token).claims, { ...claims, iat: NOW })
  assert.equal(decodeJwt(token).header.typ, 'client-authentication+jwt')
})

test('PKJ-06 the same jti of two clients has two marks, and of one client one', () => {
  const digest = (clientId: string, jti: string): string =>
    verify(createClientAssertion({ ...request, clientId, jti }), { clientId }).digest
  assert.notEqual(digest('bank', 'x'), digest('shop', 'x'))
  assert.notEqual(digest('bank', 'x'), digest('bank', 'y'))
  assert.notEqual(digest('ba', 'nkx'), digest('bank', 'x'))
  assert.equal(digest('bank', 'x'), digest('bank', 'x'))
})

test('PKJ-06 whatever else a client says anew, a jti it has used stays used', () => {
  const digest = (change: object): string =>
    verify(signJwt({}, { ...claims, ...change }, key)).digest
  assert.equal(digest({ exp: NOW + 90, iat: NOW + 1, nbf: NOW, more: 1 }), digest({}))
})

test('SP-AS-13 an assertion of a clock 10 s ahead is accepted, and one a minute ahead is not', () => {
  assert.ok(verify(createClientAssertion({ ...request, now: NOW + 10 })))
  refuses(createClientAssertion({ ...request, now: NOW + 61 }))
})

test('PKJ-10 today’s clients, who send typ JWT or none, are accepted', () => {
  assert.ok(verify(signJwt({ typ: 'JWT' }, claims, key)))
  assert.ok(verify(signJwt({}, claims, key)))
})
