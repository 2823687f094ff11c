import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, test } from 'node:test'
import {
  createClientAssertion,
  createIdToken,
  createProof,
  generateSigningKey,
  type ErrorCode,
} from '@signet/protocol'
import { forge, unusableJwks } from '@signet/protocol/testing'
import type { GuardOptions } from './options.ts'
import type { GuardRequest } from './request.ts'
import type { Requirements } from './requirements.ts'
import type { RequestChange } from './testing/index.ts'
import { CERTIFICATE, CERTIFIED, NONCES, withProof, withToken } from './testing/requests.ts'
import { API, createStage, ISSUER, type Stage } from './testing/stage.ts'

type Refusal = readonly [status: number, error: ErrorCode | undefined, reason: string]

interface Manipulated {
  readonly options?: Partial<GuardOptions>
  readonly requirements?: Requirements
  readonly request: (stage: Stage) => GuardRequest
  readonly refused: Refusal
}

const other = generateSigningKey('ES256')
const asked =
  (change: RequestChange) =>
  ({ issuer }: Stage): GuardRequest =>
    issuer.request(change)

const PROOF = (reason: string): Refusal => [401, 'invalid_dpop_proof', reason]
const TOKEN = (reason: string): Refusal => [401, 'invalid_token', reason]
const BAD = (reason: string): Refusal => [400, 'invalid_request', reason]

const manipulated: Readonly<Record<string, Manipulated>> = {
  'OAU-09 no credentials at all': {
    request: () => ({ method: 'GET', target: '/accounts', headers: [] }),
    refused: [401, undefined, 'token_missing'],
  },
  'OAU-09 credentials of another scheme': {
    request: () => ({ method: 'GET', target: '/', headers: ['Authorization', 'Basic YTpi'] }),
    refused: [401, undefined, 'token_missing'],
  },
  'SP-RS-02 a token in the query': {
    request: () => ({ method: 'GET', target: '/accounts?access_token=x', headers: [] }),
    refused: BAD('token_in_parameter'),
  },
  'SP-RS-02 a token in the query, its name percent-encoded': {
    request: () => ({ method: 'GET', target: '/accounts?a=b&access%5Ftoken=x', headers: [] }),
    refused: BAD('token_in_parameter'),
  },
  'SP-RS-02 a token in a form': {
    request: () => ({ method: 'POST', target: '/', headers: [], formParameters: ['access_token'] }),
    refused: BAD('token_in_parameter'),
  },
  'OAU-10 a token in header and query': {
    request: asked({ target: '/accounts?access_token=x' }),
    refused: BAD('several_token_presentations'),
  },
  'OAU-10 a token in header and form': {
    request: asked({ method: 'POST', formParameters: ['a', 'access_token'] }),
    refused: BAD('several_token_presentations'),
  },
  'OAU-10 two Authorization headers': {
    request: asked({ headers: ['authorization', 'Bearer x'] }),
    refused: BAD('several_token_presentations'),
  },
  'OAU-10 two Authorization headers, joined on the way': {
    request: () => ({ method: 'GET', target: '/', headers: ['authorization', 'DPoP a, DPoP b'] }),
    refused: BAD('authorization_malformed'),
  },
  'SP-RS-01 a scheme without a token': {
    request: () => ({ method: 'GET', target: '/', headers: ['authorization', 'DPoP'] }),
    refused: BAD('authorization_malformed'),
  },
  'DPOP-RS-02 a bound token sent as Bearer, with a good proof': {
    request: asked({ scheme: 'Bearer' }),
    refused: TOKEN('bound_token_as_bearer'),
  },
  'DPOP-RS-02 a bound token sent as Bearer, without a proof': {
    request: asked({ scheme: 'bearer', proof: 'none' }),
    refused: TOKEN('bound_token_as_bearer'),
  },
  'SP-RS-05 a token without cnf': {
    request: withToken({ cnf: undefined }),
    refused: TOKEN('token_unbound'),
  },
  'SP-RS-05 a token without cnf, as Bearer': {
    request: withToken({ cnf: undefined }, { scheme: 'Bearer', proof: 'none' }),
    refused: TOKEN('token_unbound'),
  },
  'SP-RS-05 a token with an empty cnf': {
    request: withToken({ cnf: {} }),
    refused: TOKEN('token_unbound'),
  },
  'SP-RS-05 a token bound by a number': {
    request: withToken({ cnf: { jkt: 1 } }),
    refused: TOKEN('token_unbound'),
  },
  'SP-RS-05 a token bound to a certificate, where DPoP is asked for': {
    request: withToken(CERTIFIED, { scheme: 'Bearer', proof: 'none' }),
    refused: TOKEN('token_unbound'),
  },
  'SP-RS-05 a token bound to a DPoP key, where certificates are asked for': {
    options: { senderConstraint: 'mtls' },
    request: asked({}),
    refused: TOKEN('token_unbound'),
  },
  'DPOP-RS-01 no proof': {
    request: asked({ proof: 'none' }),
    refused: PROOF('dpop_proof_missing'),
  },
  'DPOP-PRF-01 an empty DPoP header': {
    request: asked({ proof: 'none', headers: ['DPoP', ''] }),
    refused: PROOF('dpop_header_count'),
  },
  'DPOP-PRF-01 two DPoP headers, with the good proof first': {
    request: ({ issuer }) => {
      const request = issuer.request()
      return { ...request, headers: [...request.headers, 'dpop', 'x.y.z'] }
    },
    refused: PROOF('dpop_header_count'),
  },
  'DPOP-PRF-01 two proofs in one header': {
    request: ({ issuer }) => {
      const request = issuer.request({ proof: 'none' })
      return { ...request, headers: [...request.headers, 'DPoP', 'x.y.z, x.y.z'] }
    },
    refused: PROOF('dpop_header_count'),
  },
  'DPOP-PRF-02 a proof that is no JWT': {
    request: asked({ proof: 'none', headers: ['DPoP', 'proof'] }),
    refused: PROOF('dpop_malformed'),
  },
  'DPOP-PRF-03 a proof without jti': {
    request: withProof({ claims: { jti: undefined } }),
    refused: PROOF('dpop_member_missing'),
  },
  'DPOP-PRF-03 a proof with iat as text': {
    request: withProof({ claims: { iat: '1800000000' } }),
    refused: PROOF('dpop_member_missing'),
  },
  'DPOP-PRF-03 a proof without a key': {
    request: withProof({ header: { jwk: undefined } }),
    refused: PROOF('dpop_member_missing'),
  },
  'DPOP-PRF-04 a client assertion as proof': {
    request: withProof({ header: { typ: 'client-authentication+jwt' } }),
    refused: PROOF('dpop_typ'),
  },
  'DPOP-PRF-05 a proof whose algorithm the profile does not know': {
    request: withProof({ header: { alg: 'RS256' } }),
    refused: PROOF('dpop_alg'),
  },
  'DPOP-PRF-05 a proof whose algorithm this API does not take': {
    options: { algorithms: ['PS256', 'ES256'] },
    request: withProof({ header: { alg: 'EdDSA' } }),
    refused: PROOF('dpop_alg'),
  },
  'SP-CR-03 a proof with alg none': {
    request: withProof({ header: { alg: 'none' } }),
    refused: PROOF('dpop_alg'),
  },
  'DPOP-PRF-06 a proof signed by another key than it shows': {
    request: withProof({ header: { jwk: { ...other.publicJwk } } }),
    refused: [401, 'invalid_token', 'dpop_token_binding'],
  },
  'DPOP-PRF-06 a proof of the right key with the signature of another': {
    request: ({ issuer, clock }) => {
      const token = issuer.token()
      const key = { ...other, publicJwk: issuer.clientKey.publicJwk }
      return issuer.request({ token, proof: { key, now: clock.now } })
    },
    refused: PROOF('dpop_signature'),
  },
  'DPOP-PRF-07 a proof that discloses its private key': {
    request: withProof({ header: { jwk: other.privateKey.export({ format: 'jwk' }) } }),
    refused: PROOF('dpop_private_key'),
  },
  'DPOP-PRF-08 a proof for another method': {
    request: asked({ method: 'POST', proof: { method: 'GET' } }),
    refused: PROOF('dpop_htm'),
  },
  'DPOP-PRF-08 a proof for the method in lower case': {
    request: asked({ proof: { method: 'get' } }),
    refused: PROOF('dpop_htm'),
  },
  'DPOP-PRF-09 a proof for another path': {
    request: asked({ proof: { url: `${API}/payments` } }),
    refused: PROOF('dpop_htu'),
  },
  'DPOP-PRF-09 a proof for another host, which the Host header repeats': {
    request: asked({
      headers: ['Host', 'evil.example', 'X-Forwarded-Host', 'evil.example'],
      proof: { url: 'https://evil.example/accounts' },
    }),
    refused: PROOF('dpop_htu'),
  },
  'DPOP-PRF-09 a proof for another host, which the request target names': {
    request: ({ issuer }) => ({
      ...issuer.request({ proof: { url: 'https://evil.example/accounts' } }),
      target: 'https://evil.example/accounts',
    }),
    refused: PROOF('dpop_htu'),
  },
  'DPOP-PRF-09 a proof for the same URL without TLS': {
    request: asked({ proof: { url: 'http://api.example/accounts' } }),
    refused: PROOF('dpop_htu'),
  },
  'DPOP-PRF-12 a proof of yesterday': {
    request: ({ issuer, clock }) => issuer.request({ proof: { now: clock.now - 86_400 } }),
    refused: PROOF('dpop_iat'),
  },
  'DPOP-PRF-12 a proof from more than a minute ahead': {
    request: ({ issuer, clock }) => issuer.request({ proof: { now: clock.now + 61 } }),
    refused: PROOF('dpop_iat'),
  },
  'DPOP-PRF-16 a proof whose exp has passed': {
    request: withProof({ claims: { exp: 1 } }),
    refused: PROOF('dpop_validity'),
  },
  'DPOP-PRF-13 a proof for another token': {
    request: asked({ proof: { accessToken: 'another' } }),
    refused: PROOF('dpop_ath'),
  },
  'DPOP-PRF-13 a proof as for the token endpoint, without ath': {
    request: ({ issuer, clock }) => {
      const request = issuer.request({ proof: 'none' })
      const url = `${API}/accounts`
      const made = { key: issuer.clientKey, method: 'GET', url, now: clock.now, jti: 'x' }
      return { ...request, headers: [...request.headers, 'DPoP', createProof(made)] }
    },
    refused: PROOF('dpop_ath'),
  },
  'DPOP-PRF-14 a stolen token with a proof by the key of the thief': {
    request: asked({ proof: { key: other } }),
    refused: TOKEN('dpop_token_binding'),
  },
  'DPOP-PRF-11 a proof without nonce, where nonces are asked for': {
    options: NONCES,
    request: asked({}),
    refused: [401, 'use_dpop_nonce', 'dpop_nonce'],
  },
  'DPOP-AS-09 a proof with a made-up nonce': {
    options: NONCES,
    request: asked({ proof: { nonce: 'made-up' } }),
    refused: [401, 'use_dpop_nonce', 'dpop_nonce'],
  },
  'JWT-03 a proof with a point that is not on its curve': {
    request: withProof({ header: { jwk: unusableJwks()['a point that is not on the curve'] } }),
    refused: PROOF('dpop_key_unusable'),
  },
  'SP-CR-04 a proof with an RSA key of 2047 bits': {
    request: withProof({ header: { alg: 'PS256', jwk: unusableJwks()['RSA of 2047 bits'] } }),
    refused: PROOF('dpop_key_unusable'),
  },
  'SP-CR-05 a proof with a small elliptic curve': {
    request: withProof({ header: { jwk: { kty: 'EC', crv: 'P-192', x: 'AA', y: 'AA' } } }),
    refused: PROOF('dpop_key_unusable'),
  },
  'JWT-10 a proof with a critical extension': {
    request: withProof({ header: { crit: ['b64'], b64: false } }),
    refused: PROOF('dpop_malformed'),
  },
  'SP-RS-03 a token that has expired': {
    request: ({ issuer, clock }) => issuer.request({ token: issuer.token({ exp: clock.now }) }),
    refused: TOKEN('access_token_expired'),
  },
  'SP-RS-03 a token that is not valid yet': {
    request: withToken({ nbf: 1_900_000_000 }),
    refused: TOKEN('access_token_expired'),
  },
  'SP-RS-03 a text that is no token': {
    request: asked({ token: 'opaque' }),
    refused: TOKEN('access_token_malformed'),
  },
  'RES-04 a token for another API': {
    request: withToken({ aud: 'https://other.example' }),
    refused: TOKEN('access_token_aud'),
  },
  'RES-04 a token for an audience that begins like ours': {
    request: withToken({ aud: [`${API}.evil.example`, `${API}/`] }),
    refused: TOKEN('access_token_aud'),
  },
  'JWT-07 a token of another issuer, signed with a key we know': {
    request: withToken({ iss: 'https://evil.example' }),
    refused: TOKEN('access_token_iss'),
  },
  'JWT-07 a token without a subject': {
    request: withToken({ sub: undefined }),
    refused: TOKEN('access_token_claims'),
  },
  'JWT-09 an ID token as access token': {
    request: ({ issuer, clock }) => {
      const claims = { iss: ISSUER, sub: 'alice', aud: API, iat: clock.now, exp: clock.now + 60 }
      return issuer.request({ token: createIdToken(claims, issuer.key) })
    },
    refused: TOKEN('access_token_typ'),
  },
  'JWT-09 a client assertion as access token': {
    request: ({ issuer, clock }) => {
      const request = { clientId: 'app', issuer: API, now: clock.now, jti: 'x' }
      return issuer.request({ token: createClientAssertion({ key: issuer.key, ...request }) })
    },
    refused: TOKEN('access_token_typ'),
  },
  'JAT-05 a token signed by a stranger': {
    request: ({ issuer, clock }) => {
      const claims = { iss: ISSUER, aud: API, sub: 'a', client_id: 'a', jti: 'x' }
      const times = { iat: clock.now, exp: clock.now + 60 }
      const header = { typ: 'at+jwt', alg: 'ES256', kid: issuer.key.kid }
      return issuer.request({ token: forge(header, { ...claims, ...times }, other) })
    },
    refused: TOKEN('access_token_signature'),
  },
  'MTLS-06 no certificate': {
    options: { senderConstraint: 'mtls' },
    request: withToken(CERTIFIED, { scheme: 'Bearer', proof: 'none' }),
    refused: TOKEN('certificate_mismatch'),
  },
  'MTLS-06 another certificate': {
    options: { senderConstraint: 'either' },
    request: (stage) => ({
      ...withToken(CERTIFIED, { scheme: 'Bearer', proof: 'none' })(stage),
      peerCertificate: () => Buffer.from('another'),
    }),
    refused: TOKEN('certificate_mismatch'),
  },
  'MTLS-06 a certificate header that nobody asked for': {
    options: { senderConstraint: 'mtls' },
    request: withToken(CERTIFIED, {
      scheme: 'Bearer',
      proof: 'none',
      headers: ['Client-Cert', `:${Buffer.from(CERTIFICATE).toString('base64')}:`],
    }),
    refused: TOKEN('certificate_mismatch'),
  },
  'SP-RS-01 a token bound to a certificate with scheme DPoP': {
    options: { senderConstraint: 'either' },
    request: (stage) => ({
      ...withToken(CERTIFIED)(stage),
      peerCertificate: () => CERTIFICATE,
    }),
    refused: TOKEN('dpop_scheme_without_key'),
  },
  'MTLS-06 a token bound to both keys without the certificate': {
    options: { senderConstraint: 'either' },
    request: ({ issuer }) => {
      const cnf = { jkt: issuer.clientKey.kid, ...CERTIFIED.cnf }
      return issuer.request({ token: issuer.token({ cnf }) })
    },
    refused: TOKEN('certificate_mismatch'),
  },
  'SP-RS-04 a token without the scope': {
    requirements: { requireScopes: ['accounts', 'payments'] },
    request: asked({}),
    refused: [403, 'insufficient_scope', 'scope_insufficient'],
  },
  'SP-RS-04 a scope that only begins like the one needed': {
    requirements: { requireScopes: ['pay'] },
    request: withToken({ scope: 'payments' }),
    refused: [403, 'insufficient_scope', 'scope_insufficient'],
  },
  'SP-RS-04 authorization details for another account': {
    requirements: { requireAuthorizationDetails: (all) => all.some(({ account: a }) => a === 1) },
    request: withToken({ authorization_details: [{ type: 'account', account: 2 }] }),
    refused: [403, 'insufficient_scope', 'authorization_details_insufficient'],
  },
  'STEP-01 a login that was too weak': {
    requirements: { requireAcr: { acr: ['gold', 'silver'] } },
    request: withToken({ acr: 'bronze' }),
    refused: [401, 'insufficient_user_authentication', 'authentication_insufficient'],
  },
  'STEP-01 a login that is too long ago': {
    requirements: { requireAcr: { maxAge: 60 } },
    request: ({ issuer, clock }) =>
      issuer.request({ token: issuer.token({ auth_time: clock.now - 61 }) }),
    refused: [401, 'insufficient_user_authentication', 'authentication_insufficient'],
  },
  'STEP-01 a login nobody knows the time of': {
    requirements: { requireAcr: { maxAge: 60 } },
    request: asked({}),
    refused: [401, 'insufficient_user_authentication', 'authentication_insufficient'],
  },
}

describe('the guard refuses', () => {
  for (const [title, { options, requirements, request, refused }] of Object.entries(manipulated)) {
    test(title, async () => {
      const stage = createStage(options)
      const outcome = await stage.refused(request(stage), requirements)
      const { status, headers, body, event } = outcome
      assert.deepEqual([status, body?.error, event.reason], refused)
      const challenge = headers['www-authenticate'] ?? ''
      const scheme = options?.senderConstraint === 'mtls' ? /^Bearer / : /^(?:DPoP algs=|Bearer )/
      assert.match(challenge, scheme)
      assert.equal(/ error="([^"]*)"/.exec(challenge)?.[1], refused[1])
      assert.ok(
        challenge.includes(
          `resource_metadata="${stage.guard.metadata().resource}/.well-known/oauth-protected-resource"`,
        ),
      )
      assert.equal('dpop-nonce' in headers, options?.nonces !== undefined)
      assert.equal(headers['cache-control'], 'no-store')
    })
  }
  assert.ok(Object.keys(manipulated).length >= 40)
})
