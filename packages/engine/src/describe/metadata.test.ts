import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ALGORITHMS, KEY_MANAGEMENT } from '@signet/protocol'
import { createEngine } from '../create-engine.ts'
import { token } from '../flow/token.ts'
import { createStage, ISSUER, SERVICE } from '../testing/index.ts'
import { claimsOf, granted, refuses, tokenRequest } from '../tokens/testing/granted.ts'
import { metadata } from './metadata.ts'

/** The document as a client gets it. */
function published(): Readonly<Record<string, unknown>> {
  const document: unknown = JSON.parse(createEngine(createStage().ports).metadata())
  assert.ok(typeof document === 'object' && document !== null)
  return { ...document }
}

test('SP-AS-01 the issuer is the configured one, and every endpoint is below it', () => {
  const document = published()
  assert.equal(document['issuer'], ISSUER)
  const urls = Object.entries(document).filter(([name]) => /_endpoint$|_uri$/.test(name))
  assert.deepEqual(urls.map(([name]) => name).toSorted(), [
    'authorization_endpoint',
    'end_session_endpoint',
    'introspection_endpoint',
    'jwks_uri',
    'pushed_authorization_request_endpoint',
    'revocation_endpoint',
    'token_endpoint',
    'userinfo_endpoint',
  ])
  for (const [name, url] of urls) assert.ok(String(url).startsWith(`${ISSUER}/`), name)
})

test('META-01 members have the types of their specifications', () => {
  for (const [name, value] of Object.entries(published())) {
    if (name.endsWith('_supported') && typeof value !== 'boolean') {
      assert.ok(Array.isArray(value) && value.length > 0, name)
      assert.ok(
        value.every((one) => typeof one === 'string'),
        name,
      )
      assert.equal(new Set(value).size, value.length, name)
    } else if (name !== 'require_pushed_authorization_requests') {
      assert.ok(['string', 'boolean'].includes(typeof value), name)
    }
  }
})

test('META-02 there is one document, the same at every place and time', () => {
  const engine = createEngine(createStage().ports)
  assert.equal(engine.metadata(), engine.metadata())
  assert.deepEqual(JSON.parse(engine.metadata()), metadata(SERVICE))
})

test('META-04 what FAPI 2.0 needs is there, and nothing weaker beside it', () => {
  const document = published()
  assert.deepEqual(document['response_types_supported'], ['code'])
  assert.deepEqual(document['code_challenge_methods_supported'], ['S256'])
  assert.deepEqual(document['token_endpoint_auth_methods_supported'], ['private_key_jwt'])
  assert.deepEqual(document['introspection_endpoint_auth_methods_supported'], ['private_key_jwt'])
  assert.deepEqual(document['revocation_endpoint_auth_methods_supported'], ['private_key_jwt'])
  assert.deepEqual(document['dpop_signing_alg_values_supported'], ALGORITHMS)
})

test('META-05 OpenID Connect is described', () => {
  const document = published()
  assert.deepEqual(document['scopes_supported'], [
    'openid',
    'profile',
    'email',
    'address',
    'phone',
    'offline_access',
    'accounts',
    'payments',
  ])
  assert.deepEqual(document['subject_types_supported'], ['public'])
  assert.equal(document['claims_parameter_supported'], true)
  assert.deepEqual(document['acr_values_supported'], ['urn:signet:acr:password'])
})

test('META-05 every claim of an ID token is announced', async () => {
  const { id_token } = await granted(createStage(), {}, { nonce: 'nonce' })
  const { claims_supported: announced = [] } = metadata(SERVICE)
  for (const claim of Object.keys(claimsOf(id_token))) assert.ok(announced.includes(claim), claim)
})

test('META-07 nothing is announced that is for others', () => {
  const names = Object.keys(published())
  for (const foreign of [
    'registration_endpoint',
    'check_session_iframe',
    'tls_client_certificate_bound_access_tokens',
    'mtls_endpoint_aliases',
    'request_object_encryption_alg_values_supported',
    'request_object_encryption_enc_values_supported',
    'frontchannel_logout_supported',
  ]) {
    assert.ok(!names.includes(foreign), foreign)
  }
})

test('LOG-06 back-channel logout is announced, by session', () => {
  const document = published()
  assert.equal(document['backchannel_logout_supported'], true)
  assert.equal(document['backchannel_logout_session_supported'], true)
})

test('BCP-05 the implicit grant does not exist', () => {
  const { grant_types_supported: grants = [], response_types_supported: types } = metadata(SERVICE)
  assert.ok(!grants.includes('implicit'))
  assert.deepEqual(types, ['code'])
})

test('BCP-04 PKCE is announced', () => {
  assert.deepEqual(metadata(SERVICE).code_challenge_methods_supported, ['S256'])
})

test('META-04 the token endpoint takes each announced grant, and no other', async () => {
  const stage = createStage()
  const { grant_types_supported: announced = [] } = metadata(stage.ports.service)
  assert.ok(!announced.includes('password'))
  for (const grant_type of announced) {
    const request = tokenRequest(stage, stage.app, { grant_type, scope: 'no-such-scope' })
    const refused: unknown = await token(request, stage.ports).catch((error: unknown) => error)
    assert.ok(!String(refused).includes('unsupported_grant_type'), grant_type)
  }
  for (const grant_type of ['password', 'implicit', 'urn:openid:params:grant-type:ciba']) {
    const request = tokenRequest(stage, stage.app, { grant_type })
    await refuses(token(request, stage.ports), 'unsupported_grant_type')
  }
})

test('ISS-02 iss in authorization responses is announced, as a boolean', () => {
  assert.equal(published()['authorization_response_iss_parameter_supported'], true)
})

test('PAR-12 pushed requests are required, as a boolean', () => {
  const document = published()
  assert.equal(document['require_pushed_authorization_requests'], true)
  assert.equal(document['pushed_authorization_request_endpoint'], `${ISSUER}/par`)
})

test('JAR-10 request objects are taken by value, and fetched from nowhere', () => {
  const document = published()
  assert.equal(document['request_parameter_supported'], true)
  assert.equal(document['request_uri_parameter_supported'], false)
  assert.equal(document['require_request_uri_registration'], undefined)
})

test('SP-CR-02 only algorithms of the profile are announced', () => {
  for (const [name, value] of Object.entries(published())) {
    if (!name.endsWith('_alg_values_supported') || !Array.isArray(value)) continue
    const profile: readonly unknown[] = name.includes('_encryption_') ? KEY_MANAGEMENT : ALGORITHMS
    for (const algorithm of value) assert.ok(profile.includes(algorithm), `${name} ${algorithm}`)
  }
})

test('OIDC-19 RS256 is announced nowhere, and ID tokens are announced as they are signed', () => {
  assert.doesNotMatch(JSON.stringify(published()), /"(?:none|RS256|RSA1_5|HS256|dir|A128KW)"/)
  assert.deepEqual(published()['id_token_signing_alg_values_supported'], SERVICE.signingAlgorithms)
  const other = metadata({ ...SERVICE, signingAlgorithms: ['PS256'] })
  assert.deepEqual(other.id_token_signing_alg_values_supported, ['PS256'])
  assert.deepEqual(other.userinfo_signing_alg_values_supported, ['PS256'])
})
