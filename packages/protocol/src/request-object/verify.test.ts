import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verifyClientAssertion } from '../client-assertion/verify.ts'
import { ALGORITHMS } from '../jose/algorithms.ts'
import { verificationKeyOf } from '../jose/describe-signing-key.ts'
import { generateSigningKey } from '../jose/generate-signing-key.ts'
import { signJwt } from '../jose/sign.ts'
import { Refused } from '../rules/refusal.ts'
import { createRequestObject } from '../testing/create-request-object.ts'
import { forge, forgeries } from '../testing/jwt-forge.ts'
import { readRequestObject, verifyRequestObject, type RequestObjectContext } from './verify.ts'

const NOW = 1_800_000_000
const ISSUER = 'https://as.example'
const key = generateSigningKey('ES256')
const signer = { key, clientId: 'bank', issuer: ISSUER, now: NOW }
const context: RequestObjectContext = {
  issuer: ISSUER,
  now: NOW,
  clientId: 'bank',
  keys: [verificationKeyOf(key)],
}
const claims = { aud: ISSUER, client_id: 'bank', nbf: NOW, exp: NOW + 60, scope: 'openid' }

const verify = (token: string, change: Partial<RequestObjectContext> = {}) =>
  verifyRequestObject(readRequestObject(token), { ...context, ...change })

function refuses(token: string, change: Partial<RequestObjectContext> = {}): void {
  assert.throws(
    () => verify(token, change),
    (error) => {
      assert.ok(error instanceof Refused, String(error))
      assert.equal(error.refusal.error, 'invalid_request_object')
      assert.ok(!JSON.stringify(error).includes(token.split('.')[2] || '?'), 'it tells a signature')
      return true
    },
  )
}

const forged = forgeries({ typ: 'oauth-authz-req+jwt', kid: key.kid }, claims, key)
for (const [title, token] of Object.entries(forged)) {
  test(`JAR-03 JWT-10 refuses a request object with ${title}`, () => {
    refuses(token)
  })
}

test('MS-JAR-06 refuses a key that the request object brings itself', () => {
  const stranger = generateSigningKey('ES256')
  for (const header of [{ kid: key.kid }, {}]) {
    const bringing = { ...header, alg: 'ES256', jwk: stranger.publicJwk, jku: `${ISSUER}/jwks` }
    refuses(forge(bringing, claims, stranger))
  }
})

test('MS-JAR-06 refuses what another client signed, whatever name it signs with', () => {
  const other = generateSigningKey('ES256')
  refuses(createRequestObject({ ...signer, key: other }, {}))
  refuses(createRequestObject({ ...signer, clientId: 'evil' }, {}))
  assert.ok(verify(createRequestObject(signer, {})))
})

test('JAR-03 with each algorithm a request object is accepted, and with the registered one only', () => {
  for (const algorithm of ALGORITHMS) {
    const own = generateSigningKey(algorithm)
    const token = createRequestObject({ ...signer, key: own }, {})
    const keys = [verificationKeyOf(own)]
    assert.ok(verify(token, { keys, registeredAlgorithm: algorithm }))
    refuses(token, { keys, registeredAlgorithm: algorithm === 'PS256' ? 'ES256' : 'PS256' })
  }
})

test('MS-JAR-01 what a verified request object says is what the client signed', () => {
  const token = createRequestObject(signer, { scope: 'openid', max_age: 5 })
  assert.deepEqual(verify(token), {
    claims: { ...claims, iss: 'bank', iat: NOW, max_age: 5 },
    mark: undefined,
  })
})

test('JAR-03 an object with a jti has a mark to be remembered for as long as it is accepted', () => {
  const token = createRequestObject(signer, { jti: 'x' })
  const { mark } = verify(token)
  assert.ok(mark !== undefined)
  assert.match(mark.digest, /^[\w-]{43}$/)
  assert.ok(verify(token, { now: mark.until - 1 }))
  refuses(token, { now: mark.until })
  const later = verify(createRequestObject({ ...signer, now: NOW + 1 }, { jti: 'x', state: 'y' }))
  assert.equal(later.mark?.digest, mark.digest)
})

test('JAR-08 the same jti has one mark in each kind of JWT, and one for each client', () => {
  const { mark } = verify(createRequestObject(signer, { jti: 'x' }))
  const shop = createRequestObject({ ...signer, clientId: 'shop' }, { jti: 'x' })
  const assertion = signJwt(
    {},
    { iss: 'bank', sub: 'bank', aud: ISSUER, exp: NOW + 60, jti: 'x' },
    key,
  )
  const { digest } = verifyClientAssertion(readRequestObject(assertion), context)
  const digests = new Set([mark?.digest, verify(shop, { clientId: 'shop' }).mark?.digest, digest])
  assert.equal(digests.size, 3)
})

test('JAR-08 no JWT is a request object and a client assertion at once', () => {
  for (const sub of ['bank', undefined]) {
    const token = signJwt({}, { ...claims, iss: 'bank', jti: 'x', sub }, key)
    const asAssertion = (): unknown => verifyClientAssertion(readRequestObject(token), context)
    if (sub === undefined) {
      assert.ok(verify(token))
      assert.throws(asAssertion, Refused)
    } else {
      assert.ok(asAssertion())
      refuses(token)
    }
  }
})

test('JAR-01 a request object of 32 KiB is read, and a longer one is not', () => {
  const sized = (length: number): string => signJwt({}, { ...claims, x: 'x'.repeat(length) }, key)
  const fits = sized(24_000)
  assert.ok(fits.length > 32_000 && fits.length <= 32_768, `${fits.length}`)
  assert.ok(verify(fits))
  refuses(sized(25_000))
})
