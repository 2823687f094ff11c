import { generateSigningKey, Refused } from '@signet/protocol'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RESPONSE_MODES } from '../response-modes.ts'
import { SERVICE } from '../testing/index.ts'
import type { Client } from './client.ts'
import { clientFromMetadata, InvalidClient } from './registration.ts'

const jwks = { keys: [generateSigningKey('ES256').publicJwk] }
const from = (metadata: object): Client =>
  clientFromMetadata({ client_id: 'web', jwks, ...metadata }, SERVICE)

function refusedFor(metadata: object): InvalidClient {
  try {
    from(metadata)
  } catch (error) {
    if (error instanceof InvalidClient) return error
    throw error
  }
  throw new Error('registered')
}

test('DCR-04 replaces the defaults that the profile forbids', () => {
  const client = from({ redirect_uris: ['https://web.example/cb'] })
  assert.deepEqual(client, {
    id: 'web',
    name: 'web',
    redirectUris: ['https://web.example/cb'],
    postLogoutRedirectUris: [],
    grantTypes: new Set(['authorization_code']),
    scopes: new Set(),
    keys: { jwks },
    accessTokenFormat: 'jwt',
    authentication: { method: 'private_key_jwt' },
    senderConstraint: 'dpop',
    responseModes: new Set(RESPONSE_MODES),
    requestObject: { required: false },
    authorizationResponse: { algorithm: 'ES256' },
    introspectionResponse: { algorithm: 'ES256' },
    idToken: { algorithm: 'ES256' },
    requireAuthTime: false,
    defaultAcrValues: [],
  } satisfies Client)
})

test('DCR-04 refuses RS256 rather than storing it', () => {
  const { refusals } = refusedFor({
    redirect_uris: ['https://web.example/cb'],
    id_token_signed_response_alg: 'RS256',
  })
  assert.deepEqual(
    refusals.map(({ refusal, evidence }) => [refusal.error, evidence.id]),
    [['invalid_client_metadata', 'SP-CR-02']],
  )
})

test('SP-CR-05 registers P-256, Ed25519 and RSA keys of 2048 bits', () => {
  for (const algorithm of ['ES256', 'EdDSA', 'PS256'] as const) {
    const key = generateSigningKey(algorithm).publicJwk
    assert.ok(from({ jwks: { keys: [key] }, redirect_uris: ['https://web.example/cb'] }))
  }
})

test('SP-CR-05 registers no client whose only key is of a curve outside the profile', () => {
  const { refusals } = refusedFor({
    redirect_uris: ['https://web.example/cb'],
    jwks: { keys: [{ kty: 'EC', crv: 'P-192', x: 'AA', y: 'AA' }] },
  })
  assert.deepEqual(
    refusals.map(({ evidence }) => evidence.id),
    ['SP-CR-04'],
  )
})

test('what is registered is what was said', () => {
  const client = from({
    client_name: 'Web',
    client_uri: 'https://web.example',
    redirect_uris: ['https://web.example/cb'],
    post_logout_redirect_uris: ['https://web.example/bye'],
    grant_types: ['authorization_code', 'refresh_token'],
    scope: ' accounts  openid accounts',
    token_endpoint_auth_signing_alg: 'ES256',
    id_token_signed_response_alg: 'EdDSA',
    userinfo_signed_response_alg: 'ES256',
    default_max_age: 0,
    require_auth_time: true,
    default_acr_values: ['urn:a'],
    access_token_format: 'opaque',
    unknown_member: 'is ignored',
  })
  assert.deepEqual(client, {
    id: 'web',
    name: 'Web',
    uri: 'https://web.example',
    redirectUris: ['https://web.example/cb'],
    postLogoutRedirectUris: ['https://web.example/bye'],
    grantTypes: new Set(['authorization_code', 'refresh_token']),
    scopes: new Set(['accounts', 'openid']),
    authentication: { method: 'private_key_jwt', algorithm: 'ES256' },
    senderConstraint: 'dpop',
    responseModes: new Set(RESPONSE_MODES),
    requestObject: { required: false },
    authorizationResponse: { algorithm: 'ES256' },
    introspectionResponse: { algorithm: 'ES256' },
    userinfo: { algorithm: 'ES256' },
    defaultMaxAge: 0,
    keys: { jwks },
    accessTokenFormat: 'opaque',
    idToken: { algorithm: 'EdDSA' },
    requireAuthTime: true,
    defaultAcrValues: ['urn:a'],
  })
})

test('all that is wrong with a client is told at once, with its id, and no key material', () => {
  const secret = generateSigningKey('ES256').privateKey.export({ format: 'jwk' })
  const error = refusedFor({
    token_endpoint_auth_method: 'none',
    redirect_uris: ['http://web.example/cb'],
    jwks: { keys: [secret] },
    scope: 'admin',
  })
  assert.deepEqual(
    error.refusals.map(({ evidence }) => evidence.id),
    ['SP-AS-03', 'SP-CR-04', 'SP-AZ-08', 'SP-AS-14'],
  )
  assert.match(error.message, /^Client web cannot be registered/)
  assert.ok(!JSON.stringify([error.message, error.refusals]).includes(secret.d ?? 'd'))
  for (const refused of error.refusals) assert.ok(refused instanceof Refused)
})

for (const client_id of [undefined, 7, { toString: null, valueOf: null }, []]) {
  test(`the id ${JSON.stringify(client_id)} makes a refusal, not an exception`, () => {
    assert.match(refusedFor({ client_id }).message, /^Client without client_id/)
  })
}
