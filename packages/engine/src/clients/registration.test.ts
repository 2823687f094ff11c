import { generateEncryptionKey, generateSigningKey, Refused } from '@signet/protocol'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Service } from '../config.ts'
import { RESPONSE_MODES } from '../response-modes.ts'
import { SERVICE } from '../testing/index.ts'
import { MUTUAL_TLS } from '../testing/mutual-tls.ts'
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

const redirecting = { redirect_uris: ['https://web.example/cb'] }
const encryption = generateEncryptionKey('ECDH-ES').publicJwk
const WITH_EVERYTHING: Service = {
  ...SERVICE,
  mtls: MUTUAL_TLS,
  requestObjectEncryption: ['ECDH-ES', 'RSA-OAEP-256'],
}

test('DCR-04 JARM-02 INT-09 how messages are signed and encrypted is registered for each kind', () => {
  const all = { keys: [...jwks.keys, encryption] }
  const client = clientFromMetadata(
    {
      client_id: 'web',
      ...redirecting,
      jwks: all,
      require_signed_request_object: true,
      request_object_signing_alg: 'Ed25519',
      request_object_encryption_alg: 'RSA-OAEP-256',
      request_object_encryption_enc: 'A256GCM',
      response_modes: ['jwt', 'form_post.jwt'],
      authorization_signed_response_alg: 'EdDSA',
      authorization_encrypted_response_alg: 'ECDH-ES',
      id_token_signed_response_alg: 'ES256',
      id_token_encrypted_response_alg: 'ECDH-ES+A128KW',
      id_token_encrypted_response_enc: 'A128GCM',
      userinfo_signed_response_alg: 'EdDSA',
      userinfo_encrypted_response_alg: 'ECDH-ES+A256KW',
      userinfo_encrypted_response_enc: 'A256CBC-HS512',
      introspection_signed_response_alg: 'Ed25519',
      introspection_encrypted_response_alg: 'ECDH-ES',
      introspection_encrypted_response_enc: 'A256GCM',
    },
    WITH_EVERYTHING,
  )
  assert.deepEqual(client.requestObject, {
    required: true,
    algorithm: 'Ed25519',
    encryption: { alg: 'RSA-OAEP-256', enc: 'A256GCM' },
  })
  assert.deepEqual(client.responseModes, new Set(['jwt', 'form_post.jwt']))
  assert.deepEqual(client.authorizationResponse, {
    algorithm: 'EdDSA',
    encryption: { alg: 'ECDH-ES', enc: 'A128CBC-HS256' },
  })
  assert.deepEqual(client.idToken, {
    algorithm: 'ES256',
    encryption: { alg: 'ECDH-ES+A128KW', enc: 'A128GCM' },
  })
  assert.deepEqual(client.userinfo, {
    algorithm: 'EdDSA',
    encryption: { alg: 'ECDH-ES+A256KW', enc: 'A256CBC-HS512' },
  })
  assert.deepEqual(client.introspectionResponse, {
    algorithm: 'Ed25519',
    encryption: { alg: 'ECDH-ES', enc: 'A256GCM' },
  })
})

test('MS-SEC-01 nothing is encrypted for a client that did not ask for it', () => {
  const client = clientFromMetadata({ client_id: 'web', ...redirecting, jwks }, WITH_EVERYTHING)
  for (const answer of ['authorizationResponse', 'idToken', 'introspectionResponse'] as const)
    assert.deepEqual(client[answer], { algorithm: 'ES256' })
  assert.equal(client.userinfo, undefined)
  assert.deepEqual(client.requestObject, { required: false })
})

test('MS-JAR-01 MS-JARM-01 a client of the profile fapi2-message-signing signs, and is signed for', () => {
  const signing = { ...redirecting, profile: 'fapi2-message-signing' }
  for (const change of [signing, { ...signing, require_signed_request_object: true }]) {
    const client = from(change)
    assert.deepEqual(client.requestObject, { required: true })
    assert.deepEqual(client.responseModes, new Set(['jwt', 'query.jwt', 'form_post.jwt']))
  }
})

test('MS-JAR-01 at a service that wants signed requests every client has to sign, whatever it says', () => {
  const service = { ...SERVICE, requireSignedRequests: true }
  for (const profile of [undefined, 'fapi2-security']) {
    const metadata = { client_id: 'web', ...redirecting, jwks, ...(profile && { profile }) }
    assert.equal(clientFromMetadata(metadata, service).requestObject.required, true)
  }
})

test('MTLS-02 MTLS-07 a client of an authority is known by one name, of one value or several', () => {
  for (const [registered, values] of [
    ['web.example', ['web.example']],
    [
      ['web.example', 'new.web.example'],
      ['web.example', 'new.web.example'],
    ],
  ]) {
    const client = clientFromMetadata(
      {
        client_id: 'web',
        ...redirecting,
        token_endpoint_auth_method: 'tls_client_auth',
        tls_client_auth_san_dns: registered,
        tls_client_certificate_bound_access_tokens: true,
      },
      WITH_EVERYTHING,
    )
    assert.deepEqual(client.authentication, {
      method: 'tls_client_auth',
      name: { field: 'tls_client_auth_san_dns', values },
    })
    assert.equal(client.senderConstraint, 'mtls')
    assert.deepEqual(client.keys, { jwks: { keys: [] } })
  }
})

test('MTLS-03 a client with a certificate of its own is known by its keys, and by no name', () => {
  const client = clientFromMetadata(
    {
      client_id: 'web',
      ...redirecting,
      jwks,
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      tls_client_auth_san_dns: 'web.example',
    },
    WITH_EVERYTHING,
  )
  assert.deepEqual(client.authentication, { method: 'self_signed_tls_client_auth' })
  assert.equal(client.senderConstraint, 'dpop')
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
