import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ALGORITHMS } from '../jose/algorithms.ts'
import { decodeJwt } from '../jose/decode.ts'
import { verificationKeyOf } from '../jose/describe-signing-key.ts'
import { generateSigningKey } from '../jose/generate-signing-key.ts'
import { verifySignature } from '../jose/verify.ts'
import { enforce } from '../rules/rule.ts'
import { createIntrospectionResponse, type IntrospectionResponse } from './create.ts'
import { signedIntrospectionRules } from './introspection-response.rules.ts'

const NOW = 1_800_000_000
const key = generateSigningKey('ES256')
const made: IntrospectionResponse = {
  issuer: 'https://as.example',
  clientId: 'api',
  now: NOW + 0.9,
  response: { active: true, sub: 'alice', exp: NOW + 300, cnf: { jkt: 'k' } },
  key,
}

test('INT-06 what is told of the token stands in token_introspection, and not outside of it', () => {
  const { claims } = decodeJwt(createIntrospectionResponse(made))
  const { issuer: iss, clientId: aud, response: token_introspection } = made
  assert.deepEqual(claims, { iss, aud, iat: NOW, token_introspection })
})

test('INT-07 of a token that is not active nothing else is told', () => {
  const { claims } = decodeJwt(
    createIntrospectionResponse({ ...made, response: { active: false } }),
  )
  assert.deepEqual(claims['token_introspection'], { active: false })
})

test('MS-INT-01 INT-05 a response has its type, names its key, and is signed with each algorithm', () => {
  for (const algorithm of ALGORITHMS) {
    const own = generateSigningKey(algorithm)
    const jwt = decodeJwt(createIntrospectionResponse({ ...made, key: own }))
    assert.deepEqual(jwt.header, {
      typ: 'token-introspection+jwt',
      alg: algorithm,
      kid: own.kid,
    })
    assert.equal(verifySignature(jwt, verificationKeyOf(own)), true)
  }
})

test('MS-INT-01 an API gets the name of the algorithm that it registered', () => {
  const own = generateSigningKey('Ed25519')
  const token = createIntrospectionResponse({ ...made, key: own, alg: 'EdDSA' })
  assert.equal(decodeJwt(token).header.alg, 'EdDSA')
})

test('MS-INT-03 what we make is what an API takes', () => {
  const { header, claims } = decodeJwt(createIntrospectionResponse(made))
  const { issuer, clientId } = made
  const subject = { header, claims, issuer, clientId, now: NOW }
  assert.deepEqual(
    enforce(signedIntrospectionRules, subject).claims.token_introspection,
    made.response,
  )
})
