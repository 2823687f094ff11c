import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createAccessToken } from './access-token/create.ts'
import { verifyAccessToken } from './access-token/verify.ts'
import { createClientAssertion } from './client-assertion/create.ts'
import { verifyClientAssertion } from './client-assertion/verify.ts'
import { createProof } from './dpop/create-proof.ts'
import { verifyProof } from './dpop/verify-proof.ts'
import { createIdToken } from './id-token/create.ts'
import { verifyIdTokenHint } from './id-token/verify-hint.ts'
import { decodeJwt } from './jose/decode.ts'
import { verificationKeyOf } from './jose/describe-signing-key.ts'
import { generateSigningKey } from './jose/generate-signing-key.ts'
import { signJwt } from './jose/sign.ts'
import { Refused } from './rules/refusal.ts'
import { forge } from './testing/jwt-forge.ts'

// One key for everything and one name for everybody: nothing but the kind of the JWT is left to tell
// them apart. Real deployments are never this careless.

const NOW = 1_800_000_000
const ISSUER = 'https://as.example'
const WHO = 'bank'
const URL_OF_TOKEN = `${ISSUER}/token`
const key = generateSigningKey('ES256')
const keys = [verificationKeyOf(key)]
const common = { iss: ISSUER, sub: WHO, aud: WHO, iat: NOW, exp: NOW + 60, jti: 'x' }

const kinds: Readonly<Record<string, string>> = {
  'a client assertion': createClientAssertion({
    key,
    clientId: WHO,
    issuer: ISSUER,
    now: NOW,
    jti: 'x',
  }),
  'a DPoP proof': createProof({ key, method: 'POST', url: URL_OF_TOKEN, now: NOW, jti: 'x' }),
  'an access token': createAccessToken({ ...common, client_id: WHO, aud: ISSUER }, key),
  'an ID token': createIdToken(common, key),
  'a logout token': signJwt(
    { typ: 'logout+jwt' },
    { ...common, events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
    key,
  ),
  'a logout token without its type': signJwt(
    {},
    { ...common, events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
    key,
  ),
  'a request object': signJwt(
    { typ: 'oauth-authz-req+jwt' },
    { ...common, iss: WHO, aud: ISSUER, client_id: WHO },
    key,
  ),
  'a request object without its type': signJwt(
    {},
    { iss: WHO, aud: ISSUER, client_id: WHO, exp: NOW + 60, nbf: NOW, jti: 'x' },
    key,
  ),
  'an introspection response': signJwt(
    { typ: 'token-introspection+jwt' },
    { iss: ISSUER, aud: WHO, iat: NOW, token_introspection: { active: true, sub: WHO } },
    key,
  ),
  'an authorization response': signJwt(
    {},
    { iss: ISSUER, aud: WHO, exp: NOW + 60, code: 'c' },
    key,
  ),
}

const verifiers: Readonly<Record<string, (token: string) => unknown>> = {
  'a client assertion': (token) =>
    verifyClientAssertion(decodeJwt(token), { issuer: ISSUER, now: NOW, clientId: WHO, keys }),
  'a DPoP proof': (token) =>
    verifyProof([token], { method: 'POST', url: URL_OF_TOKEN, now: NOW, nonce: undefined }),
  'an access token': (token) => verifyAccessToken(token, { issuer: ISSUER, keys, now: NOW }),
  'an ID token': (token) => verifyIdTokenHint(token, { issuer: ISSUER, keys }),
}

for (const [wanted, verify] of Object.entries(verifiers)) {
  describe(`where ${wanted} is wanted`, () => {
    for (const [kind, token] of Object.entries(kinds)) {
      if (kind === wanted) {
        test(`JWT-09 ${kind} is accepted`, () => {
          assert.ok(verify(token))
        })
      } else {
        test(`JWT-09 ${kind} is refused`, () => {
          assert.throws(() => verify(token), Refused)
        })
      }
    }
  })
}

/** Everything that any kind of JWT needs, so that the types alone decide. */
const everything = {
  ...common,
  iss: WHO,
  aud: ISSUER,
  client_id: WHO,
  htm: 'POST',
  htu: URL_OF_TOKEN,
}

describe('a JWT that says everything', () => {
  const TYPES: Readonly<Record<string, readonly string[]>> = {
    'a client assertion': ['JWT', 'client-authentication+jwt'],
    'a DPoP proof': ['dpop+jwt'],
    'an access token': ['at+jwt'],
    'an ID token': ['JWT'],
  }
  const all = [
    ...new Set([
      ...Object.values(TYPES).flat(),
      'logout+jwt',
      'oauth-authz-req+jwt',
      'secevent+jwt',
    ]),
  ]
  for (const [wanted, verify] of Object.entries(verifiers)) {
    const ours = wanted === 'an access token' || wanted === 'an ID token'
    const claims = ours ? { ...everything, iss: ISSUER } : everything
    for (const typ of all) {
      const fits = TYPES[wanted]?.includes(typ) === true
      test(`JWT-09 with typ ${typ} is ${fits ? '' : 'not '}${wanted}`, () => {
        const token = forge({ alg: 'ES256', typ, jwk: { ...jwkOf(key) } }, claims, key)
        if (fits) assert.ok(verify(token))
        else assert.throws(() => verify(token), Refused)
      })
    }
  }
})

function jwkOf({ publicJwk }: typeof key): object {
  const { use: _use, kid: _kid, alg: _alg, ...jwk } = publicJwk
  return jwk
}
