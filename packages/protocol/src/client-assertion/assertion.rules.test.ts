import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeJwt } from '../jose/decode.ts'
import { verificationKeyOf } from '../jose/describe-signing-key.ts'
import { generateSigningKey } from '../jose/generate-signing-key.ts'
import { enforce } from '../rules/rule.ts'
import { forge } from '../testing/jwt-forge.ts'
import { proveRule } from '../testing/prove-rule.ts'
import {
  assertionRules,
  assertionSignatureRules,
  type PresentedAssertion,
} from './assertion.rules.ts'

const NOW = 1_800_000_000
const ISSUER = 'https://as.example'

/** An assertion of the client `bank`, with claims and header members changed or, where undefined, left out. */
const saying = (claims: object, header: object = {}): PresentedAssertion => ({
  header: { alg: 'ES256', ...header },
  claims: { iss: 'bank', sub: 'bank', aud: ISSUER, exp: NOW + 60, iat: NOW, jti: 'x', ...claims },
  issuer: ISSUER,
  now: NOW,
  clientId: 'bank',
})
const good = saying({})
const accepts = (subject: PresentedAssertion): void => {
  assert.equal(enforce(assertionRules, subject), subject)
}

proveRule(assertionRules, 'PKJ-10', {
  good,
  refuses: Object.fromEntries(
    [
      'dpop+jwt',
      'at+jwt',
      'application/at+jwt',
      'oauth-authz-req+jwt',
      'logout+jwt',
      'token-introspection+jwt',
      'jwt2',
      '',
    ].map((typ) => [`typ ${typ}`, saying({}, { typ })]),
  ),
})

test('JWT-11 a type is not required, and the two that fit are accepted in any case', () => {
  accepts(saying({}, { typ: undefined }))
  for (const typ of ['JWT', 'jwt', 'application/jwt', 'client-authentication+jwt']) {
    accepts(saying({}, { typ }))
  }
  accepts(saying({}, { typ: 'application/Client-Authentication+JWT' }))
})

proveRule(assertionRules, 'JAR-08', {
  good,
  refuses: {
    'a request object that somebody gave a sub': saying({ response_type: 'code', nbf: NOW }),
  },
})

proveRule(assertionRules, 'SP-CR-02', {
  good,
  refuses: Object.fromEntries(
    ['RS256', 'PS384', 'ES384', 'ES256K', 'HS256', 'none', 'es256', 'Ed448', ''].map((alg) => [
      `alg ${alg}`,
      saying({}, { alg }),
    ]),
  ),
})

test('SP-CR-02 each algorithm of the profile is accepted', () => {
  for (const alg of ['PS256', 'ES256', 'EdDSA', 'Ed25519']) accepts(saying({}, { alg }))
})

proveRule(assertionRules, 'PKJ-07', {
  good: { ...good, registeredAlgorithm: 'ES256' },
  refuses: {
    'an algorithm that is not the registered one': { ...good, registeredAlgorithm: 'PS256' },
  },
})

proveRule(assertionRules, 'PKJ-02', {
  good,
  refuses: {
    'no sub': saying({ sub: undefined }),
    'no iss': saying({ iss: undefined }),
    'another sub': saying({ sub: 'evil' }),
    'another iss': saying({ iss: 'evil' }),
    'another client altogether': saying({ iss: 'evil', sub: 'evil' }),
    'the client in another case': saying({ iss: 'Bank', sub: 'Bank' }),
    'sub as array': saying({ sub: ['bank'] }),
    'another client than the request names': { ...good, clientId: 'shop' },
  },
})

proveRule(assertionRules, 'SP-AS-08', {
  good,
  refuses: {
    'no aud': saying({ aud: undefined }),
    'the token endpoint': saying({ aud: `${ISSUER}/token` }),
    'the PAR endpoint': saying({ aud: `${ISSUER}/par` }),
    'the issuer with a slash added': saying({ aud: `${ISSUER}/` }),
    'the issuer in another case': saying({ aud: 'https://AS.example' }),
    'another server': saying({ aud: 'https://evil.example' }),
    'an empty text': saying({ aud: '' }),
    'an object': saying({ aud: { issuer: ISSUER } }),
    null: saying({ aud: null }),
  },
})

test('PKJ-03 what the operator reads of a wrong aud names both', () => {
  assert.throws(
    () => enforce(assertionRules, saying({ aud: `${ISSUER}/token` })),
    (error) => {
      assert.match(JSON.stringify(error), /"expected":"aud \\"https:\/\/as\.example\\""/)
      assert.match(JSON.stringify(error), /"received":"aud \\"https:\/\/as\.example\/token\\""/)
      return true
    },
  )
})

proveRule(assertionRules, 'SP-AS-08a', {
  good,
  refuses: {
    'an array with the issuer as only member': saying({ aud: [ISSUER] }),
    'an array with the issuer twice': saying({ aud: [ISSUER, ISSUER] }),
  },
})

test('SP-AS-08a no array is accepted, whatever is in it', () => {
  for (const aud of [[], [ISSUER, 'https://evil.example'], ['https://evil.example'], [[ISSUER]]]) {
    assert.throws(() => enforce(assertionRules, saying({ aud })), { name: 'Refused' })
  }
})

proveRule(assertionRules, 'PKJ-04', {
  good,
  refuses: {
    'no exp': saying({ exp: undefined }),
    'an exp of five minutes ago': saying({ exp: NOW - 300 }),
    'an exp of five seconds ago': saying({ exp: NOW - 5 }),
    'exp as text': saying({ exp: `${NOW + 60}` }),
    'exp null': saying({ exp: null }),
  },
})

test('PKJ-04 an exp that has just passed is still taken', () => {
  accepts(saying({ exp: NOW - 4 }))
})

proveRule(assertionRules, 'PKJ-05', {
  good,
  refuses: {
    'an exp of next year': saying({ exp: NOW + 31_536_000 }),
    'an exp in milliseconds': saying({ exp: NOW * 1000 }),
    'an exp just over ten minutes and a tolerable clock ahead': saying({ exp: NOW + 631 }),
  },
})

test('PKJ-05 ten minutes are accepted, also of a clock that is 10 s ahead', () => {
  accepts(saying({ exp: NOW + 600 }))
  accepts(saying({ iat: NOW + 10, exp: NOW + 610 }))
})

proveRule(assertionRules, 'SP-AS-13a', {
  good,
  refuses: {
    'an iat more than a minute ahead': saying({ iat: NOW + 61 }),
    'an nbf more than a minute ahead': saying({ nbf: NOW + 61 }),
    'iat as text': saying({ iat: `${NOW}` }),
    'nbf null': saying({ nbf: null }),
  },
})

test('SP-AS-13 iat and nbf up to 10 s ahead are accepted, and old or absent ones are', () => {
  for (const offset of [0, 1, 8, 10]) accepts(saying({ iat: NOW + offset, nbf: NOW + offset }))
  accepts(saying({ iat: undefined, nbf: undefined }))
  accepts(saying({ iat: NOW - 86_400, nbf: NOW - 86_400 }))
})

proveRule(assertionRules, 'PKJ-06', {
  good,
  refuses: {
    'no jti': saying({ jti: undefined }),
    'an empty jti': saying({ jti: '' }),
    'jti as number': saying({ jti: 1 }),
    'a jti of 257 characters': saying({ jti: 'a'.repeat(257) }),
  },
})

const key = generateSigningKey('ES256')
const decoys = [generateSigningKey('ES256'), generateSigningKey('PS256')].map((decoy) => ({
  ...verificationKeyOf(decoy),
  kid: key.kid,
}))
const jwt = decodeJwt(forge({ alg: 'ES256', kid: key.kid }, { sub: 'bank' }, key))
const keys = [...decoys, verificationKeyOf(key)]

proveRule(assertionSignatureRules, 'PKJ-07', {
  good: { jwt, keys },
  refuses: {
    'a signature by a key of somebody else': { jwt, keys: decoys },
    'any signature for a client without keys': { jwt, keys: [] },
    'a kid of no key': {
      jwt: decodeJwt(forge({ alg: 'ES256', kid: 'x' }, { sub: 'bank' }, key)),
      keys,
    },
    'altered claims': { jwt: { ...jwt, signingInput: `${jwt.signingInput}A` }, keys },
  },
})

test('SP-CR-11 a token without kid is tried with every key of the client that fits', () => {
  const bare = decodeJwt(forge({ alg: 'ES256' }, { sub: 'bank' }, key))
  assert.ok(enforce(assertionSignatureRules, { jwt: bare, keys }))
})
