import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ALGORITHMS } from '../jose/algorithms.ts'
import { generateSigningKey } from '../jose/generate-signing-key.ts'
import { Refused } from '../rules/refusal.ts'
import { assemble, forge, forgeries, macWithPublicKey, unusableJwks } from '../testing/jwt-forge.ts'
import { accessTokenHash, createProof } from './create-proof.ts'
import type { ProofContext } from './proof-context.ts'
import { verifyProof } from './verify-proof.ts'

const NOW = 1_800_000_000
const key = generateSigningKey('ES256')
const { kty: _kty, ...rest } = key.publicJwk
const jwk = { kty: 'EC', ...rest }
const context: ProofContext = {
  method: 'POST',
  url: 'https://as.example/token',
  now: NOW,
  nonce: undefined,
}
const request = { key, method: context.method, url: context.url, now: NOW, jti: 'x' }
const header = { typ: 'dpop+jwt', alg: 'ES256', jwk }
const claims = { jti: 'x', htm: 'POST', htu: context.url, iat: NOW }

function refuses(fields: readonly string[], id?: RegExp, given: ProofContext = context): void {
  assert.throws(
    () => verifyProof(fields, given),
    (error) => {
      assert.ok(error instanceof Refused, String(error))
      assert.equal(error.refusal.error, 'invalid_dpop_proof')
      if (id !== undefined) assert.match(error.evidence.id, id)
      const told = JSON.stringify(error)
      for (const part of fields.join('.').split('.')) {
        if (part.length > 30) assert.ok(!told.includes(part), 'a part of the proof is told')
      }
      return true
    },
  )
}

for (const [title, token] of Object.entries(forgeries({ typ: 'dpop+jwt', jwk }, claims, key))) {
  test(`DPOP-PRF-02 refuses a proof with ${title}`, () => {
    refuses([token])
  })
}

for (const [title, unusable] of Object.entries(unusableJwks())) {
  test(`JWT-03 refuses a proof with ${title} in its header`, () => {
    refuses([forge({ ...header, jwk: unusable }, claims, key)], /^(JWT-03|DPOP-PRF-07)$/)
  })
}

test('DPOP-PRF-01 refuses none, two, joined and empty fields', () => {
  const proof = createProof(request)
  refuses([], /PRF-01/)
  refuses([''], /PRF-01/)
  refuses([proof, proof], /PRF-01/)
  refuses([`${proof}, ${proof}`], /PRF-01/)
})

test('DPOP-PRF-02 refuses what is not one compact JWS, and says why', () => {
  refuses(['proof'], /PRF-02/)
  refuses([`${createProof(request)}.`], /PRF-02/)
  refuses(['a'.repeat(8193)], /PRF-02/)
})

test('DPOP-PRF-03 refuses a proof without a key, even if it is signed with a known one', () => {
  refuses([forge({ typ: 'dpop+jwt', alg: 'ES256', kid: key.kid }, claims, key)], /PRF-03/)
})

test('DPOP-PRF-05 refuses none and MACs before anything else about them', () => {
  refuses([assemble({ ...header, alg: 'none' }, claims, '')], /PRF-05/)
  refuses([macWithPublicKey(header, claims, key)], /PRF-05/)
})

test('DPOP-PRF-05 refuses an algorithm that the endpoint does not take', () => {
  refuses([createProof(request)], /PRF-05/, { ...context, algorithms: ['PS256', 'EdDSA'] })
})

test('DPOP-PRF-06 refuses a proof that its own key did not sign, also when the key is known', () => {
  verifyProof([createProof(request)], context)
  refuses([forge(header, claims, generateSigningKey('ES256'))], /PRF-06/)
})

test('DPOP-PRF-07 refuses a private key, also when its public half is known', () => {
  verifyProof([createProof(request)], context)
  refuses([forge({ ...header, jwk: { ...jwk, d: 'AQ' } }, claims, key)], /PRF-07/)
})

test('JWT-01 refuses a key whose jwk says it is for something else', () => {
  refuses([forge({ ...header, jwk: { ...jwk, use: 'enc' } }, claims, key)], /JWT-03/)
  refuses([forge({ ...header, jwk: { ...jwk, alg: 'ES512' } }, claims, key)], /JWT-03/)
})

test('SP-CR-02 a proof of each algorithm of the profile is accepted', () => {
  for (const algorithm of ALGORITHMS) {
    const own = generateSigningKey(algorithm)
    const proof = createProof({ ...request, key: own })
    assert.equal(verifyProof([proof], context).jkt, own.kid)
  }
})

test('DPOP-PRF-16 unknown members of header and claims are ignored', () => {
  const odd = forge({ ...header, x: 1, cty: 'y' }, { ...claims, x: { y: [1] }, exp: NOW + 1 }, key)
  assert.equal(verifyProof([odd], context).jkt, key.kid)
})

test('a verified proof tells what must be remembered, and for how long', () => {
  const { jkt, jti, iat, until, digest } = verifyProof([createProof(request)], context)
  assert.deepEqual({ jkt, jti, iat }, { jkt: key.kid, jti: 'x', iat: NOW })
  assert.match(digest, /^[\w-]{43}$/)
  refuses([createProof(request)], /PRF-12/, { ...context, now: until })
  verifyProof([createProof(request)], { ...context, now: until - 1 })
})

test('DPOP-PRF-12 a proof from ahead is remembered for as long as it can be accepted', () => {
  const early = createProof({ ...request, now: NOW + 30 })
  const { until } = verifyProof([early], context)
  refuses([early], /PRF-12/, { ...context, now: until })
  verifyProof([early], { ...context, now: until - 1 })
})

test('DPOP-PRF-12 a proof that a nonce dates is remembered for as long as the nonce is accepted', () => {
  const accessToken = 'token'
  const resource: ProofContext = {
    ...context,
    accessToken,
    nonce: { accepts: (nonce) => nonce === 'n', lifetime: 120 },
  }
  const proof = createProof({ ...request, now: NOW - 3600, accessToken, nonce: 'n' })
  assert.ok(verifyProof([proof], resource).until > NOW + 120)
})

test('DPOP-PRF-15 no two keys, targets or jti share a mark, and the same proof always has the same', () => {
  const digest = (change: object, given = context): string =>
    verifyProof([createProof({ ...request, ...change })], given).digest
  const url = 'https://as.example/par'
  const other = generateSigningKey('ES256')
  const digests = [
    digest({}),
    digest({ jti: 'y' }),
    digest({ key: other }),
    digest({ url }, { ...context, url }),
  ]
  assert.equal(new Set(digests).size, 4)
  assert.equal(digest({}), digest({}))
  assert.equal(digest({ now: NOW + 1, accessToken: 'token', nonce: 'n' }), digest({}))
})

test('DPOP-PRF-15 where a URL can be spelled in several ways, a used proof stays used in all of them', () => {
  const fields = [createProof(request)]
  const digestAt = (url: string): string =>
    verifyProof(fields, { ...context, url, replayScope: 'api' }).digest
  assert.equal(digestAt(context.url.replace('https', 'HTTPS')), digestAt(context.url))
})

test('DPOP-PRF-13 a digest of the token that is known already has to fit the proof too', () => {
  const fields = [createProof({ ...request, accessToken: 'token' })]
  const given = { ...context, accessToken: 'token' }
  verifyProof(fields, { ...given, accessTokenDigest: accessTokenHash('token') })
  refuses(fields, /PRF-13/, { ...given, accessTokenDigest: accessTokenHash('other') })
})

test('DPOP-PRF-15 a jti used at an alias of an endpoint is used at the endpoint too', () => {
  const alias = 'https://mtls.as.example/token'
  const aliased = { ...context, alternativeUrls: [alias] }
  const there = verifyProof([createProof({ ...request, url: alias })], aliased)
  const here = verifyProof([createProof(request)], aliased)
  assert.equal(there.digest, here.digest)
})

test('DPOP-CL-01 a proof we make has what it needs and nothing private', () => {
  const proof = createProof({
    ...request,
    url: 'https://as.example/token?a=1#b',
    now: NOW + 0.9,
    accessToken: 'token',
    nonce: 'n',
  })
  const [head = '', body = ''] = proof
    .split('.')
    .map((part) => Buffer.from(part, 'base64url').toString())
  assert.deepEqual(JSON.parse(head), {
    typ: 'dpop+jwt',
    alg: 'ES256',
    jwk: { kty: 'EC', crv: 'P-256', x: 'x' in jwk ? jwk.x : '', y: 'y' in jwk ? jwk.y : '' },
  })
  assert.deepEqual(JSON.parse(body), {
    jti: 'x',
    htm: 'POST',
    htu: 'https://as.example/token',
    iat: NOW,
    // the example of RFC 9449 §7 does it the same way: base64url(SHA-256("token"))
    ath: 'PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A',
    nonce: 'n',
  })
})
