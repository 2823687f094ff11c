import { ALGORITHMS, CONTENT_ENCRYPTION, KEY_MANAGEMENT } from '@signet/protocol'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mutualTlsEndpointsOf, type MutualTlsPolicy, type Service } from '../config.ts'
import { ISSUER, SERVICE } from '../testing/index.ts'
import { metadata } from './metadata.ts'

const published = (change: Partial<Service> = {}): Readonly<Record<string, unknown>> => ({
  ...metadata({ ...SERVICE, ...change }),
})
const members = (document: Readonly<Record<string, unknown>>, name: RegExp): readonly string[] =>
  Object.keys(document).filter((member) => name.test(member))

test('META-06 MS-JAR-01 how requests are signed is announced, and whether they have to be', () => {
  for (const requireSignedRequests of [true, false]) {
    const document = published({ requireSignedRequests })
    assert.deepEqual(document['request_object_signing_alg_values_supported'], ALGORITHMS)
    assert.equal(document['require_signed_request_object'], requireSignedRequests)
  }
})

test('META-06 JARM-06 MS-JARM-01 the response modes are announced as they are, and how answers are signed', () => {
  for (const responseModes of [
    SERVICE.responseModes,
    ['jwt', 'query.jwt', 'form_post.jwt'],
    ['form_post.jwt'],
  ] as const) {
    const document = published({ responseModes })
    assert.deepEqual(document['response_modes_supported'], responseModes)
    assert.deepEqual(document['authorization_signing_alg_values_supported'], ['ES256', 'EdDSA'])
    assert.deepEqual(document['authorization_encryption_alg_values_supported'], KEY_MANAGEMENT)
    assert.deepEqual(document['authorization_encryption_enc_values_supported'], CONTENT_ENCRYPTION)
  }
  const other = published({ signingAlgorithms: ['PS256'] })
  assert.deepEqual(other['authorization_signing_alg_values_supported'], ['PS256'])
})

test('JARM-06 nothing is announced of signed answers where there are none', () => {
  const document = published({ responseModes: ['query', 'form_post'] })
  assert.deepEqual(document['response_modes_supported'], ['query', 'form_post'])
  assert.deepEqual(members(document, /^authorization_(?:signing|encryption)_/), [])
})

test('INT-09 how introspection is signed and encrypted is announced, RS256 nowhere', () => {
  const document = published()
  assert.deepEqual(document['introspection_signing_alg_values_supported'], ['ES256', 'EdDSA'])
  assert.deepEqual(document['introspection_encryption_alg_values_supported'], KEY_MANAGEMENT)
  assert.deepEqual(document['introspection_encryption_enc_values_supported'], CONTENT_ENCRYPTION)
})

test('OIDC-18 how ID tokens and userinfo are encrypted is announced', () => {
  const document = published()
  for (const kind of ['id_token', 'userinfo']) {
    assert.deepEqual(document[`${kind}_encryption_alg_values_supported`], KEY_MANAGEMENT)
    assert.deepEqual(document[`${kind}_encryption_enc_values_supported`], CONTENT_ENCRYPTION)
  }
})

test('JAR-09 encryption of requests is announced for the algorithms there are keys for, and not without', () => {
  const requestObjectEncryption = ['ECDH-ES', 'ECDH-ES+A256KW'] as const
  const document = published({ requestObjectEncryption })
  assert.deepEqual(
    document['request_object_encryption_alg_values_supported'],
    requestObjectEncryption,
  )
  assert.deepEqual(document['request_object_encryption_enc_values_supported'], CONTENT_ENCRYPTION)
  assert.deepEqual(members(published(), /^request_object_encryption_/), [])
})

const mtls: MutualTlsPolicy = {
  endpoints: mutualTlsEndpointsOf(ISSUER, 'https://mtls.as.example:8443'),
  trustedAuthorities: ['a certificate'],
}

test('MTLS-08 the aliases of the endpoints are announced, and nothing that browsers or strangers use is among them', () => {
  assert.deepEqual(published({ mtls })['mtls_endpoint_aliases'], {
    token_endpoint: 'https://mtls.as.example:8443/token',
    revocation_endpoint: 'https://mtls.as.example:8443/revoke',
    introspection_endpoint: 'https://mtls.as.example:8443/introspect',
    pushed_authorization_request_endpoint: 'https://mtls.as.example:8443/par',
    userinfo_endpoint: 'https://mtls.as.example:8443/userinfo',
  })
  const { mtls_endpoint_aliases: _, ...others } = published({ mtls })
  assert.doesNotMatch(JSON.stringify(others), /mtls\.as\.example/)
})

test('MTLS-08 aliases keep the path of the issuer, in one form', () => {
  for (const [issuer, token] of [
    ['https://as.example/bank', 'https://mtls.example/bank/token'],
    ['https://as.example/bank/', 'https://mtls.example/bank/token'],
    ['https://as.example/', 'https://mtls.example/token'],
  ] as const) {
    for (const origin of [
      'https://mtls.example',
      'https://mtls.example/',
      'https://mtls.example/x',
    ])
      assert.equal(mutualTlsEndpointsOf(issuer, origin).token, token)
  }
})

test('MTLS-07 META-04 certificate-bound tokens are announced as true, and clients may authenticate so', () => {
  const document = published({ mtls })
  assert.equal(document['tls_client_certificate_bound_access_tokens'], true)
  for (const endpoint of ['token', 'introspection', 'revocation']) {
    assert.deepEqual(document[`${endpoint}_endpoint_auth_methods_supported`], [
      'private_key_jwt',
      'self_signed_tls_client_auth',
      'tls_client_auth',
    ])
  }
})

test('MTLS-12 without chosen authorities nobody is said to vouch for clients', () => {
  const document = published({ mtls: { ...mtls, trustedAuthorities: [] } })
  assert.deepEqual(document['token_endpoint_auth_methods_supported'], [
    'private_key_jwt',
    'self_signed_tls_client_auth',
  ])
})

test('MTLS-07 nothing is announced of certificates where none are taken', () => {
  const document = published()
  assert.deepEqual(members(document, /tls/), [])
  assert.doesNotMatch(JSON.stringify(document), /tls/)
})
