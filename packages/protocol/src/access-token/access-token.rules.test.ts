import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeJwt } from '../jose/decode.ts'
import { verificationKeyOf } from '../jose/describe-signing-key.ts'
import { generateSigningKey } from '../jose/generate-signing-key.ts'
import { enforce } from '../rules/rule.ts'
import { forge } from '../testing/jwt-forge.ts'
import { proveRule } from '../testing/prove-rule.ts'
import {
  accessTokenRules,
  accessTokenSignatureRules,
  type PresentedAccessToken,
} from './access-token.rules.ts'

const NOW = 1_800_000_000
const ISSUER = 'https://as.example'
const API = 'https://api.example'

/** An access token for the API, with claims and header members changed or, where undefined, left out. */
const saying = (claims: object, header: object = {}): PresentedAccessToken => ({
  header: { alg: 'ES256', typ: 'at+jwt', ...header },
  claims: {
    iss: ISSUER,
    sub: 'alice',
    aud: API,
    client_id: 'bank',
    iat: NOW,
    exp: NOW + 300,
    jti: 'x',
    ...claims,
  },
  issuer: ISSUER,
  audience: API,
  now: NOW,
  clockTolerance: 0,
})
const good = saying({})

proveRule(accessTokenRules, 'JAT-01', {
  good,
  refuses: Object.fromEntries(
    ['JWT', 'dpop+jwt', 'client-authentication+jwt', 'logout+jwt', 'at', ''].map((typ) => [
      `typ ${typ}`,
      saying({}, { typ }),
    ]),
  ),
})

proveRule(accessTokenRules, 'JAT-01', {
  good: saying({}, { typ: 'application/at+jwt' }),
  refuses: { 'no typ': saying({}, { typ: undefined }) },
})

proveRule(accessTokenRules, 'SP-CR-02', {
  good,
  refuses: { RS256: saying({}, { alg: 'RS256' }), none: saying({}, { alg: 'none' }) },
})

proveRule(accessTokenRules, 'JWT-07', {
  good,
  refuses: {
    'another issuer': saying({ iss: 'https://evil.example' }),
    'the issuer with a slash added': saying({ iss: `${ISSUER}/` }),
    'no iss': saying({ iss: undefined }),
    'iss as array': saying({ iss: [ISSUER] }),
  },
})

proveRule(accessTokenRules, 'JAT-02', {
  good,
  refuses: {
    'no sub': saying({ sub: undefined }),
    'an empty sub': saying({ sub: '' }),
    'no client_id': saying({ client_id: undefined }),
    'no jti': saying({ jti: undefined }),
    'no iat': saying({ iat: undefined }),
    'no exp': saying({ exp: undefined }),
    'cnf as text': saying({ cnf: 'jkt' }),
    'an aud that is partly no text': saying({ aud: [API, 1] }),
  },
})

const anywhere = (claims: object): PresentedAccessToken => ({
  ...saying(claims),
  audience: undefined,
})

proveRule(accessTokenRules, 'JAT-02', {
  good: anywhere({}),
  refuses: {
    'no aud, even where any will do': anywhere({ aud: undefined }),
    'an empty aud': anywhere({ aud: '' }),
    'an empty array as aud': anywhere({ aud: [] }),
    'aud as number': anywhere({ aud: 1 }),
  },
})

proveRule(accessTokenRules, 'JAT-05', {
  good: saying({ aud: ['https://other.example', API] }),
  refuses: {
    'another audience': saying({ aud: 'https://other.example' }),
    'other audiences': saying({ aud: ['https://other.example', `${API}/`] }),
    'an audience that only begins alike': saying({ aud: `${API}.evil.example` }),
  },
})

proveRule(accessTokenRules, 'SP-RS-03', {
  good,
  refuses: {
    'a token that has expired': saying({ exp: NOW }),
    'a token of another day': saying({ exp: NOW - 86_400, iat: NOW - 86_700 }),
    'a token of the future': saying({ iat: NOW + 61 }),
    'a token that is not valid yet': saying({ nbf: NOW + 61 }),
  },
})

test('SP-RS-03 a token that has just expired is taken where the server allows for clocks', () => {
  const subject = { ...saying({ exp: NOW - 4 }), clockTolerance: 5 }
  assert.equal(enforce(accessTokenRules, subject), subject)
})

const key = generateSigningKey('ES256')
const jwt = decodeJwt(forge({ alg: 'ES256', kid: key.kid }, { sub: 'alice' }, key))

proveRule(accessTokenSignatureRules, 'JAT-05', {
  good: { jwt, keys: [verificationKeyOf(key)] },
  refuses: {
    'a signature by a key of somebody else': {
      jwt,
      keys: [{ ...verificationKeyOf(generateSigningKey('ES256')), kid: key.kid }],
    },
    'any signature if the issuer has no keys': { jwt, keys: [] },
  },
})
