import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verificationKeyOf } from '../jose/describe-signing-key.ts'
import { generateSigningKey } from '../jose/generate-signing-key.ts'
import { enforce } from '../rules/rule.ts'
import { proveRule } from '../testing/prove-rule.ts'
import { accessTokenHash } from './create-proof.ts'
import { proofContextRules, type PresentedProof } from './proof-context.rules.ts'
import type { ProofContext } from './proof-context.ts'

const NOW = 1_800_000_000
const TOKEN = 'an.access.token'
const key = verificationKeyOf(generateSigningKey('ES256'))
const other = verificationKeyOf(generateSigningKey('ES256')).thumbprint
const nonce = { accepts: (candidate: string) => candidate === 'fresh' }

/** A proof that fits its request, with claims and context changed. */
const fitting = (claims: object, context: Partial<ProofContext> = {}): PresentedProof => ({
  claims: { jti: 'x', htm: 'POST', htu: 'https://as.example/token', iat: NOW, ...claims },
  key,
  context: {
    method: 'POST',
    url: 'https://as.example/token',
    now: NOW,
    nonce: undefined,
    ...context,
  },
})
const good = fitting({})
const accepts = (subject: PresentedProof): void => {
  assert.equal(enforce(proofContextRules, subject), subject)
}

proveRule(proofContextRules, 'DPOP-PRF-08', {
  good,
  refuses: {
    'another method': fitting({ htm: 'GET' }),
    'the method in another case': fitting({ htm: 'post' }),
    'an empty method': fitting({ htm: '' }),
    'HEAD for GET': fitting({ htm: 'GET' }, { method: 'HEAD' }),
  },
})

const aliases = { alternativeUrls: ['https://mtls.as.example/token'] }

proveRule(proofContextRules, 'DPOP-PRF-09', {
  good: fitting({ htu: 'https://mtls.as.example/token' }, aliases),
  refuses: {
    'another host': fitting({ htu: 'https://evil.example/token' }),
    'another path': fitting({ htu: 'https://as.example/par' }),
    'the issuer': fitting({ htu: 'https://as.example' }),
    'plain http': fitting({ htu: 'http://as.example/token' }),
    'another port': fitting({ htu: 'https://as.example:8443/token' }),
    'an alias that is not one': fitting({ htu: 'https://mtls.as.example/par' }, aliases),
    'no URL': fitting({ htu: 'token' }),
  },
})

test('DPOP-PRF-09 query and fragment do not count, on either side', () => {
  accepts(fitting({ htu: 'https://as.example/token?a=1#b' }))
  accepts(fitting({}, { url: 'https://as.example/token?a=1' }))
})

proveRule(proofContextRules, 'DPOP-PRF-11', {
  good: fitting({ nonce: 'fresh' }, { nonce }),
  refuses: {
    'no nonce where one is asked for': fitting({}, { nonce }),
    'a stale or foreign nonce': fitting({ nonce: 'stale' }, { nonce }),
    'an empty nonce': fitting({ nonce: '' }, { nonce }),
    'a nonce that is no text': fitting({ nonce: ['fresh'] }, { nonce }),
  },
})

test('DPOP-PRF-11 a missing or stale nonce is told by the one error a client can recover from', () => {
  for (const claims of [{}, { nonce: 'stale' }, { nonce: 'stale', iat: 1 }]) {
    assert.throws(() => enforce(proofContextRules, fitting(claims, { nonce })), {
      refusal: {
        error: 'use_dpop_nonce',
        description: 'a recent nonce of this server is required in the DPoP proof',
      },
    })
  }
})

test('DPOP-PRF-11 a nonce nobody asked for is ignored', () => {
  accepts(fitting({ nonce: 'anything' }))
  accepts(fitting({ nonce: 1 }))
})

proveRule(proofContextRules, 'DPOP-PRF-12', {
  good,
  refuses: {
    'a proof of a minute and a second ago': fitting({ iat: NOW - 61 }),
    'a proof of an hour ago': fitting({ iat: NOW - 3600 }),
    'a proof of a minute and a second ahead': fitting({ iat: NOW + 61 }),
    'a proof in milliseconds': fitting({ iat: NOW * 1000 }),
    'a proof of 1970': fitting({ iat: 0 }),
    'a negative time': fitting({ iat: -NOW }),
    'an old proof with a fresh nonce, at the authorization server': fitting(
      { iat: NOW - 3600, nonce: 'fresh' },
      { nonce: { ...nonce, lifetime: 90 } },
    ),
    'an old proof with an access token and no nonce': fitting(
      { iat: NOW - 3600, ath: accessTokenHash(TOKEN) },
      { accessToken: TOKEN },
    ),
  },
})

test('SP-AS-13 a proof of up to a minute ago, or up to 10 s and more ahead, is accepted', () => {
  for (const offset of [-60, -59, -10, -0.5, 0, 1, 8, 10, 30])
    accepts(fitting({ iat: NOW + offset }))
})

test('SP-AS-13a a proof more than 60 s ahead is refused, and what the operator reads tells by how much', () => {
  assert.throws(
    () => enforce(proofContextRules, fitting({ iat: NOW + 61 })),
    (error) => {
      assert.match(JSON.stringify(error), /\+61 s from the time of the server, 1800000000/)
      return true
    },
  )
  assert.throws(
    () => enforce(proofContextRules, fitting({ iat: NOW - 90 })),
    (error) => {
      assert.match(JSON.stringify(error), /-90 s from the time of the server/)
      return true
    },
  )
})

test('DPOP-PRF-12 at a resource that hands out nonces, the nonce tells the age of the proof', () => {
  accepts(
    fitting(
      { iat: NOW - 3600, nonce: 'fresh', ath: accessTokenHash(TOKEN) },
      { accessToken: TOKEN, nonce: { ...nonce, lifetime: 90 } },
    ),
  )
})

proveRule(proofContextRules, 'DPOP-PRF-16', {
  good: fitting({ exp: NOW + 60, nbf: NOW - 1 }),
  refuses: {
    'an exp that has passed': fitting({ exp: NOW - 10 }),
    'an exp as text': fitting({ exp: `${NOW + 60}` }),
    'an exp that is null': fitting({ exp: null }),
    'an nbf a minute and a second ahead': fitting({ nbf: NOW + 61 }),
    'an nbf as text': fitting({ nbf: `${NOW}` }),
  },
})

test('DPOP-PRF-16 unknown claims are ignored, and exp and nbf may be absent or a little off', () => {
  accepts(fitting({ unknown: { a: 1 }, aud: ['x'], sub: 1 }))
  accepts(fitting({ exp: NOW - 4, nbf: NOW + 10 }))
})

const withToken = (claims: object): PresentedProof => fitting(claims, { accessToken: TOKEN })

proveRule(proofContextRules, 'DPOP-PRF-13', {
  good: withToken({ ath: accessTokenHash(TOKEN) }),
  refuses: {
    'no ath beside an access token': withToken({}),
    'the ath of another token': withToken({ ath: accessTokenHash(`${TOKEN}x`) }),
    'an ath with padding': withToken({ ath: `${accessTokenHash(TOKEN)}=` }),
    'an ath that is no text': withToken({ ath: [accessTokenHash(TOKEN)] }),
    'the token itself': withToken({ ath: TOKEN }),
  },
})

const atResource = (boundTo: string): PresentedProof =>
  fitting({ ath: accessTokenHash(TOKEN) }, { accessToken: TOKEN, boundTo })

proveRule(proofContextRules, 'DPOP-PRF-14', {
  good: atResource(key.thumbprint),
  refuses: {
    'the token of another key': atResource(other),
    'a token bound to nothing sensible': atResource(''),
  },
})

proveRule(proofContextRules, 'DPOP-JKT-01', {
  good: fitting({}, { boundTo: key.thumbprint }),
  refuses: {
    'a code of another key': fitting({}, { boundTo: other }),
    'a thumbprint in another case': fitting({}, { boundTo: key.thumbprint.toLowerCase() }),
  },
})

test('DPOP-PRF-14 the wrong key is invalid_token at a resource and invalid_dpop_proof elsewhere', () => {
  const refusedWith = (error: string) => (thrown: unknown) => {
    assert.match(String(thrown), new RegExp(`^Refused: ${error}:`))
    assert.match(JSON.stringify(thrown), new RegExp(key.thumbprint), 'it names the key it saw')
    assert.match(JSON.stringify(thrown), new RegExp(other), 'it names the key it wanted')
    return true
  }
  assert.throws(() => enforce(proofContextRules, atResource(other)), refusedWith('invalid_token'))
  assert.throws(
    () => enforce(proofContextRules, fitting({}, { boundTo: other })),
    refusedWith('invalid_dpop_proof'),
  )
})

test('DPOP-PRF-16 what the operator reads names the claim that is wrong, and how', () => {
  for (const [claims, told] of [
    [{ exp: NOW - 10, nbf: NOW + 61 }, /"exp 1799999990, which is -10 s/],
    [{ exp: NOW + 10, nbf: NOW + 61 }, /"nbf 1800000061, which is \+61 s/],
    [{ nbf: NOW + 61 }, /"nbf 1800000061, which is \+61 s/],
    [{ exp: 'soon' }, /"exp string instead of a number of seconds/],
  ] as const) {
    assert.throws(
      () => enforce(proofContextRules, fitting(claims)),
      (error) => {
        assert.match(JSON.stringify(error), told)
        return true
      },
    )
  }
})

test('what the operator reads of a wrong htu names both, without the query', () => {
  assert.throws(
    () => enforce(proofContextRules, fitting({ htu: 'http://internal:8080/token?secret=s3cr3t' })),
    (error) => {
      const told = JSON.stringify(error)
      assert.match(told, /http:\/\/internal:8080\/token/)
      assert.match(told, /https:\/\/as\.example\/token/)
      assert.doesNotMatch(told, /s3cr3t/)
      return true
    },
  )
})
