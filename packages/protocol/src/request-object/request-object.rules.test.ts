import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeJwt } from '../jose/decode.ts'
import { verificationKeyOf } from '../jose/describe-signing-key.ts'
import { generateSigningKey } from '../jose/generate-signing-key.ts'
import { enforce } from '../rules/rule.ts'
import { forge } from '../testing/jwt-forge.ts'
import { proveRule } from '../testing/prove-rule.ts'
import {
  requestObjectRules,
  requestObjectSignatureRules,
  type PresentedRequestObject,
} from './request-object.rules.ts'

const NOW = 1_800_000_000
const ISSUER = 'https://as.example'

/** A request object of the client `bank`, with claims and header members changed or, where undefined, left out. */
const saying = (claims: object, header: object = {}): PresentedRequestObject => ({
  header: { alg: 'ES256', typ: 'oauth-authz-req+jwt', ...header },
  claims: { iss: 'bank', aud: ISSUER, client_id: 'bank', nbf: NOW, exp: NOW + 60, ...claims },
  issuer: ISSUER,
  now: NOW,
  clientId: 'bank',
})
const good = saying({})
const accepts = (subject: PresentedRequestObject): void => {
  assert.equal(enforce(requestObjectRules, subject), subject)
}

proveRule(requestObjectRules, 'JWT-11', {
  good,
  refuses: Object.fromEntries(
    [
      'client-authentication+jwt',
      'at+jwt',
      'application/at+jwt',
      'dpop+jwt',
      'logout+jwt',
      'token-introspection+jwt',
      'statuslist+jwt',
      'secevent+jwt',
      'jose',
      'application/application/jwt',
      ' jwt',
      '',
    ].map((typ) => [`typ ${typ}`, saying({}, { typ })]),
  ),
})

test('MS-JAR-05 JWT-11 the type of a request object, JWT and none are accepted, in any case', () => {
  accepts(saying({}, { typ: undefined }))
  for (const typ of ['JWT', 'jwt', 'application/JWT', 'oauth-authz-req+jwt']) {
    accepts(saying({}, { typ }))
  }
  accepts(saying({}, { typ: 'application/OAuth-Authz-Req+JWT' }))
})

proveRule(requestObjectRules, 'SP-CR-02', {
  good,
  refuses: Object.fromEntries(
    ['RS256', 'PS384', 'ES384', 'ES256K', 'HS256', 'none', 'None', 'es256', 'Ed448', ''].map(
      (alg) => [`alg ${alg}`, saying({}, { alg })],
    ),
  ),
})

test('JAR-03 each algorithm of the profile is accepted', () => {
  for (const alg of ['PS256', 'ES256', 'EdDSA', 'Ed25519']) accepts(saying({}, { alg }))
})

proveRule(requestObjectRules, 'JAR-01', {
  good,
  refuses: {
    'a request object inside': saying({ request: 'a.b.c' }),
    'a request_uri inside': saying({ request_uri: 'urn:ietf:params:oauth:request_uri:x' }),
    'a request_uri of the client': saying({ request_uri: 'https://client.example/r' }),
    'an empty request': saying({ request: '' }),
    'a request that is null': saying({ request: null }),
  },
})

proveRule(requestObjectRules, 'PAR-09', {
  good,
  refuses: {
    'no client_id (JAR-01)': saying({ client_id: undefined }),
    'the client_id of another client (JAR-02)': saying({ client_id: 'evil' }),
    'the client_id in another case': saying({ client_id: 'Bank' }),
    'client_id as array': saying({ client_id: ['bank'] }),
    'an object without iss that another client sends': {
      ...saying({ iss: undefined }),
      clientId: 'shop',
    },
  },
})

proveRule(requestObjectRules, 'JWT-07', {
  good: saying({ iss: undefined }),
  refuses: {
    'another iss': saying({ iss: 'evil' }),
    'the server as iss': saying({ iss: ISSUER }),
    'iss as array': saying({ iss: ['bank'] }),
    'iss null': saying({ iss: null }),
  },
})

proveRule(requestObjectRules, 'JAR-08', {
  good: saying({ sub: 'alice' }),
  refuses: { 'the client as sub, as a client assertion has it (JAR-07)': saying({ sub: 'bank' }) },
})

proveRule(requestObjectRules, 'MS-JAR-02', {
  good,
  refuses: {
    'no aud': saying({ aud: undefined }),
    'the PAR endpoint': saying({ aud: `${ISSUER}/par` }),
    'the issuer with a slash added': saying({ aud: `${ISSUER}/` }),
    'the issuer in another case': saying({ aud: 'https://AS.example' }),
    'another server': saying({ aud: 'https://evil.example' }),
    'an empty array': saying({ aud: [] }),
    'an array of others': saying({ aud: ['https://evil.example', `${ISSUER}/par`] }),
    'an array within an array': saying({ aud: [[ISSUER]] }),
    'an object': saying({ aud: { issuer: ISSUER } }),
    null: saying({ aud: null }),
  },
})

test('MS-JAR-02 an array is accepted that holds the issuer, alone or beside others', () => {
  accepts(saying({ aud: [ISSUER] }))
  accepts(saying({ aud: ['https://other.example', ISSUER] }))
})

proveRule(requestObjectRules, 'MS-JAR-03', {
  good,
  refuses: {
    'no nbf': saying({ nbf: undefined, exp: NOW + 60 }),
    'an nbf of 60 minutes and a second ago': saying({ nbf: NOW - 3_601, exp: NOW - 1 }),
  },
})

test('MS-JAR-03 nbf as another type than a number, or long ago, is refused', () => {
  for (const nbf of [`${NOW}`, null, [NOW], NOW - 86_400]) {
    assert.throws(
      () => enforce(requestObjectRules, saying({ nbf })),
      /nbf of the request object is required/,
    )
  }
})

test('MS-JAR-03 an nbf of 60 minutes ago is accepted', () => {
  accepts(saying({ nbf: NOW - 3_600, exp: NOW }))
})

proveRule(requestObjectRules, 'MS-JAR-04', {
  good,
  refuses: {
    'no exp': saying({ exp: undefined }),
    'an exp of five minutes ago': saying({ nbf: NOW - 600, exp: NOW - 300 }),
    'an exp of five seconds ago': saying({ nbf: NOW - 600, exp: NOW - 5 }),
    'an exp 60 minutes and a second after nbf': saying({ exp: NOW + 3_601 }),
    'an exp within 60 minutes from now but not of nbf': saying({ nbf: NOW - 60, exp: NOW + 3_541 }),
    'an exp in milliseconds': saying({ exp: NOW * 1_000 }),
    'exp as text': saying({ exp: `${NOW + 60}` }),
    'exp null': saying({ exp: null }),
  },
})

test('MS-JAR-04 an exp 60 minutes after nbf is accepted, also of a clock that is 10 s ahead', () => {
  accepts(saying({ exp: NOW + 3_600 }))
  accepts(saying({ nbf: NOW + 10, exp: NOW + 3_610 }))
  accepts(saying({ nbf: NOW - 600, exp: NOW - 4 }))
})

proveRule(requestObjectRules, 'SP-AS-13a', {
  good: saying({ iat: NOW }),
  refuses: {
    'an nbf more than a minute ahead': saying({ nbf: NOW + 61, exp: NOW + 120 }),
    'an iat more than a minute ahead': saying({ iat: NOW + 61 }),
    'iat as text': saying({ iat: `${NOW}` }),
    'iat null': saying({ iat: null }),
  },
})

test('SP-AS-13 nbf and iat up to 10 s ahead are accepted', () => {
  for (const offset of [1, 8, 10]) accepts(saying({ iat: NOW + offset, nbf: NOW + offset }))
})

const texts = [
  'redirect_uri',
  'scope',
  'state',
  'nonce',
  'dpop_jkt',
  'code_challenge',
  'login_hint',
]

proveRule(requestObjectRules, 'JWT-06', {
  good: saying({
    jti: 'x',
    state: 'ä\u{1F600}',
    max_age: 0,
    resource: ['https://a.example', 'https://b.example'],
    claims: { userinfo: { email: null } },
    authorization_details: [{ type: 'payment' }],
    whatever: [{ nobody: 'knows' }, null],
  }),
  refuses: {
    'an empty jti': saying({ jti: '' }),
    'jti as number': saying({ jti: 1 }),
    'a jti of 257 characters': saying({ jti: 'a'.repeat(257) }),
    'jti null': saying({ jti: null }),
    ...Object.fromEntries(
      texts.flatMap((name) =>
        [1, true, null, ['a'], { a: 1 }].map((value) => [
          `${name} ${JSON.stringify(value)}`,
          saying({ [name]: value }),
        ]),
      ),
    ),
    'a state that is no Unicode': saying({ state: '\ud800' }),
    'max_age as array': saying({ max_age: [1] }),
    'max_age null': saying({ max_age: null }),
    'resource as object': saying({ resource: { uri: 'https://a.example' } }),
    'a resource that is a number': saying({ resource: ['https://a.example', 1] }),
    'a resource within two arrays': saying({ resource: [['https://a.example']] }),
    'a resource that is no Unicode': saying({ resource: '\udfff' }),
    'resource null': saying({ resource: null }),
  },
})

proveRule(requestObjectRules, 'JAR-03', {
  good: { ...good, registeredAlgorithm: 'ES256' },
  refuses: {
    'an algorithm that is not the registered one': { ...good, registeredAlgorithm: 'PS256' },
  },
})

const key = generateSigningKey('ES256')
const stranger = { ...verificationKeyOf(generateSigningKey('ES256')), kid: key.kid }
const jwt = decodeJwt(forge({ alg: 'ES256', kid: key.kid }, { client_id: 'bank' }, key))
const keys = [stranger, verificationKeyOf(key)]

proveRule(requestObjectSignatureRules, 'MS-JAR-06', {
  good: { jwt, keys },
  refuses: {
    'a signature by a key of another client': { jwt, keys: [stranger] },
    'any signature for a client without keys': { jwt, keys: [] },
    'a kid of no key': {
      jwt: decodeJwt(forge({ alg: 'ES256', kid: 'x' }, { client_id: 'bank' }, key)),
      keys,
    },
    'altered claims': { jwt: { ...jwt, signingInput: `${jwt.signingInput}A` }, keys },
  },
})
