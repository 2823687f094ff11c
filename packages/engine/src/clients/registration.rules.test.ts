import { breaches, generateEncryptionKey, generateSigningKey } from '@signet/protocol'
import { proveRule, unusableJwks } from '@signet/protocol/testing'
import { issue } from '@signet/protocol/testing/certificates'
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, test } from 'node:test'
import type { Service } from '../config.ts'
import { SERVICE } from '../testing/index.ts'
import type { Registration } from './metadata.ts'
import { registrationRules } from './registration.rules.ts'

const jwks = { keys: [generateSigningKey('ES256').publicJwk] }
const encryption = generateEncryptionKey('ECDH-ES').publicJwk
const stranger = await issue()
const CLIENT = {
  client_id: 'web',
  redirect_uris: ['https://web.example/cb?tenant=1'],
  jwks,
}

const of = (change: object, service: Service = SERVICE): Registration => ({
  metadata: { ...CLIENT, ...change },
  service,
})
const good = of({})

const each = (
  name: string,
  values: Readonly<Record<string, unknown>>,
): Readonly<Record<string, Registration>> =>
  Object.fromEntries(Object.entries(values).map(([title, value]) => [title, of({ [name]: value })]))

proveRule(registrationRules, 'DCR-03', {
  good,
  refuses: {
    'a client without id': of({ client_id: undefined }),
    ...each('client_id', {
      'an empty id': '',
      'an id that is a number': 7,
      'an id that cannot be made a text': { toString: null },
      'an id with a blank': 'a b',
      'an id with a line feed': 'a\n',
      'an id of 256 characters': 'a'.repeat(256),
    }),
    ...each('client_name', {
      'a name that is a number': 5,
      'a name of 201 characters': 'a'.repeat(201),
      'a name with a line feed': 'Bank\nVerified by Signet',
      'a name that turns the direction of the text': 'Bank\u202e',
    }),
    ...each('redirect_uris', {
      'redirect_uris as a text': 'https://web.example/cb',
      'redirect_uris with a number': [7],
      'redirect_uris with an empty text': [''],
    }),
    ...each('default_max_age', {
      'a negative default_max_age': -1,
      'a default_max_age that is a text': '1',
    }),
    'an encrypted subject_type': of({ subject_type: 'pairwise' }),
    'an unknown access_token_format': of({ access_token_format: 'paseto' }),
    'flags as texts': of({ require_auth_time: 'true' }),
    'an unknown application_type': of({ application_type: 'desktop' }),
  },
})

test('DCR-03 a client may be of the web or native, and its name of 200 characters', () => {
  for (const application_type of ['web', 'native'])
    assert.deepEqual(breaches(registrationRules, of({ application_type })), [])
  assert.deepEqual(breaches(registrationRules, of({ client_name: 'a'.repeat(200) })), [])
})

const TEXTS = [
  'request_object_signing_alg',
  'request_object_encryption_alg',
  'request_object_encryption_enc',
  'authorization_signed_response_alg',
  'authorization_encrypted_response_alg',
  'authorization_encrypted_response_enc',
  'id_token_encrypted_response_alg',
  'id_token_encrypted_response_enc',
  'userinfo_encrypted_response_alg',
  'userinfo_encrypted_response_enc',
  'introspection_signed_response_alg',
  'introspection_encrypted_response_alg',
  'introspection_encrypted_response_enc',
]
const FLAGS = [
  'tls_client_certificate_bound_access_tokens',
  'use_mtls_endpoint_aliases',
  'require_signed_request_object',
]
const NAMES = [
  'tls_client_auth_subject_dn',
  'tls_client_auth_san_dns',
  'tls_client_auth_san_uri',
  'tls_client_auth_san_ip',
  'tls_client_auth_san_email',
]
const malformedAs = (
  names: readonly string[],
  values: Readonly<Record<string, unknown>>,
): Readonly<Record<string, Registration>> =>
  Object.assign({}, ...names.map((name) => prefixed(name, values)))
const prefixed = (
  name: string,
  values: Readonly<Record<string, unknown>>,
): Readonly<Record<string, Registration>> =>
  Object.fromEntries(
    Object.entries(values).map(([title, value]) => [`${name} as ${title}`, of({ [name]: value })]),
  )

describe('members about certificates and messages', () => {
  const nothing = { null: null, 'an object': {}, 'a number': 7 }
  // Algorithms of the wrong type are none of the profile either, and what is no flag is not true: other rules say so too.
  const cases = {
    ...malformedAs(TEXTS, {
      ...nothing,
      'an empty text': '',
      'an array': ['ES256'],
      'a flag': true,
    }),
    ...malformedAs(FLAGS, { ...nothing, 'a text': 'true', 'an array': [true] }),
    ...malformedAs(NAMES, {
      ...nothing,
      'an empty text': '',
      'an empty array': [],
      'an array with an empty text': ['a', ''],
      'an array with a number': ['a', 7],
      'a flag': true,
    }),
    ...malformedAs(['response_modes'], {
      ...nothing,
      'a text': 'jwt',
      'an array with a number': ['jwt', 7],
      'an array with an empty text': [''],
    }),
    ...malformedAs(['profile'], {
      ...nothing,
      'an empty text': '',
      'an unknown profile': 'fapi1-advanced',
      'a name of every object': '__proto__',
      'an array': ['fapi2-message-signing'],
    }),
  }
  for (const [title, registration] of Object.entries(cases)) {
    test(`DCR-03 refuses ${title}`, () => {
      const ids = breaches(registrationRules, registration).map(({ evidence }) => evidence.reason)
      assert.ok(ids.includes('client_metadata_malformed'), ids.join(' '))
    })
  }
})

proveRule(registrationRules, 'SP-AS-03', {
  good: of({ token_endpoint_auth_method: 'private_key_jwt' }),
  refuses: { 'a public client, though it has keys': of({ token_endpoint_auth_method: 'none' }) },
})

proveRule(registrationRules, 'SP-AS-06', {
  good,
  refuses: each('token_endpoint_auth_method', {
    client_secret_basic: 'client_secret_basic',
    client_secret_post: 'client_secret_post',
    client_secret_jwt: 'client_secret_jwt',
    'a method in another case': 'Private_Key_JWT',
    'a method that only ends alike': 'x_tls_client_auth',
  }),
})

proveRule(registrationRules, 'SP-CR-02', {
  good: of({ token_endpoint_auth_signing_alg: 'Ed25519', id_token_signed_response_alg: 'ES256' }),
  refuses: {
    ...each('token_endpoint_auth_signing_alg', {
      'assertions with RS256': 'RS256',
      'assertions with HS256': 'HS256',
      'assertions with none': 'none',
    }),
    ...each('id_token_signed_response_alg', {
      'ID tokens with RS256': 'RS256',
      'ID tokens with ES384': 'ES384',
      'ID tokens without signature': 'none',
    }),
    ...each('userinfo_signed_response_alg', { 'userinfo with RS256': 'RS256' }),
    ...each('request_object_signing_alg', {
      'requests with RS256': 'RS256',
      'requests with HS256': 'HS256',
      'requests without signature': 'none',
    }),
    ...each('authorization_signed_response_alg', {
      'authorization responses with RS256': 'RS256',
      'authorization responses without signature': 'none',
    }),
    ...each('introspection_signed_response_alg', {
      'introspection responses with RS256': 'RS256',
      'introspection responses without signature': 'none',
    }),
  },
})

proveRule(registrationRules, 'DCR-04', {
  good: of({ id_token_signed_response_alg: 'Ed25519', userinfo_signed_response_alg: 'ES256' }),
  refuses: {
    'ID tokens with an algorithm without key': of({ id_token_signed_response_alg: 'PS256' }),
    'userinfo with an algorithm without key': of({ userinfo_signed_response_alg: 'PS256' }),
    'authorization responses with an algorithm without key': of({
      authorization_signed_response_alg: 'PS256',
    }),
    'introspection responses with an algorithm without key': of({
      introspection_signed_response_alg: 'PS256',
    }),
  },
})

proveRule(registrationRules, 'DCR-05', {
  good: of({ jwks: undefined, jwks_uri: 'https://web.example/jwks' }),
  refuses: {
    'a client with jwks and jwks_uri': of({ jwks_uri: 'https://web.example/jwks' }),
    'a client without keys': of({ jwks: undefined }),
    'a client without keys that shows a certificate of its own': of({
      jwks: undefined,
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
    }),
    'a client of an authority that has to sign its requests': vouched({
      require_signed_request_object: true,
    }),
    'a client of an authority whose profile has it sign its requests': vouched({
      profile: 'fapi2-message-signing',
    }),
    'a client of an authority, where all have to sign their requests': {
      ...vouched({}),
      service: { ...SERVICE, requireSignedRequests: true },
    },
    'a client of an authority that wants encrypted answers': vouched({
      introspection_encrypted_response_alg: 'ECDH-ES',
    }),
  },
})

test('DCR-05 a client of an authority needs no keys, unless for something else', () => {
  const batch = { grant_types: ['client_credentials'], profile: 'fapi2-message-signing' }
  for (const change of [{}, batch])
    assert.deepEqual(breaches(registrationRules, vouched(change)), [])
})

/** A client that is known by a certificate of an authority, and has no keys. */
function vouched(change: object): Registration {
  return of({
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_san_dns: 'web.example',
    jwks: undefined,
    ...change,
  })
}

const keysAt = (uri: string): Registration => of({ jwks: undefined, jwks_uri: uri })
proveRule(registrationRules, 'SP-CR-08', {
  good: keysAt('https://web.example/jwks'),
  refuses: {
    'keys over http': keysAt('http://web.example/jwks'),
    'keys over http on loopback': keysAt('http://127.0.0.1/jwks'),
    'keys in a file': keysAt('file:///etc/passwd'),
    'keys in the URL': keysAt('data:application/json,{}'),
    'a relative URL': keysAt('/jwks'),
    'a URL with credentials': keysAt('https://user:secret@web.example/jwks'),
  },
})

proveRule(registrationRules, 'SP-CR-04', {
  good: of({
    jwks: {
      keys: [generateSigningKey('PS256').publicJwk, { kty: 'EC', crv: 'P-384', x: 'a', y: 'b' }],
    },
  }),
  refuses: {
    'an empty set': of({ jwks: { keys: [] } }),
    'a set without keys': of({ jwks: {} }),
    'keys that are no array': of({ jwks: { keys: {} } }),
    'keys that are no objects': of({ jwks: { keys: [null, 1, 'x'] } }),
    ...each(
      'jwks',
      Object.fromEntries(
        Object.entries(unusableJwks()).map(([title, key]) => [title, { keys: [key] }]),
      ),
    ),
    'a private key beside a public one': of({
      jwks: {
        keys: [...jwks.keys, generateSigningKey('ES256').privateKey.export({ format: 'jwk' })],
      },
    }),
    'a shared secret beside a public key': of({
      jwks: { keys: [...jwks.keys, { kty: 'oct', k: 'c2VjcmV0' }] },
    }),
    'no key to encrypt to': of({
      jwks: { keys: [{ ...jwks.keys[0], use: 'sig' }] },
      id_token_encrypted_response_alg: 'ECDH-ES',
    }),
    'a key to encrypt to for another algorithm': of({
      jwks: { keys: [...jwks.keys, encryption] },
      authorization_encrypted_response_alg: 'RSA-OAEP-256',
    }),
    'a key to encrypt to, and none to sign with': of({ jwks: { keys: [encryption] } }),
    'a key to encrypt to of a client of an authority that signs its requests': vouched({
      jwks: { keys: [encryption] },
      require_signed_request_object: true,
    }),
    'a certificate that belongs to another key': of({
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks: { keys: [{ ...jwks.keys[0], x5c: [Buffer.from(stranger.der).toString('base64')] }] },
    }),
    'a certificate that is none': of({
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks: { keys: [{ ...jwks.keys[0], x5c: ['AAAA'] }] },
    }),
  },
})

test('SP-CR-04 a client of an authority may register nothing but a key to encrypt to', () => {
  const reading = { jwks: { keys: [encryption] }, id_token_encrypted_response_alg: 'ECDH-ES' }
  for (const change of [reading, { jwks: reading.jwks }])
    assert.deepEqual(breaches(registrationRules, vouched(change)), [])
})

proveRule(registrationRules, 'SP-AS-02', {
  good: of({ grant_types: ['authorization_code', 'refresh_token', 'client_credentials'] }),
  refuses: each('grant_types', {
    'the password grant': ['authorization_code', 'password'],
    'the implicit grant': ['authorization_code', 'implicit'],
    'the JWT bearer grant': ['urn:ietf:params:oauth:grant-type:jwt-bearer'],
  }),
})

proveRule(registrationRules, 'SP-AZ-01', {
  good: of({ response_types: ['code'] }),
  refuses: each('response_types', {
    'the implicit flow': ['token'],
    'the hybrid flow': ['code', 'code id_token'],
    'no response': ['none'],
  }),
})

proveRule(registrationRules, 'SP-AZ-06', {
  good: of({ redirect_uris: undefined, grant_types: ['client_credentials'] }),
  refuses: {
    'the code flow without redirect_uris': of({ redirect_uris: undefined }),
    'the code flow with an empty list': of({ redirect_uris: [] }),
  },
})

const UNENCRYPTED = {
  'an http URL': 'http://web.example/cb',
  'an http URL on localhost': 'http://localhost/cb',
  'a loopback address of a web client': 'http://127.0.0.1/cb',
  'a fragment': 'https://web.example/cb#a',
  'an empty fragment': 'https://web.example/cb#',
  'a relative URL': '/cb',
  'a scheme of its own': 'com.example.app:/cb',
  script: 'javascript:alert(1)',
  data: 'data:text/html,x',
  'a user in the URL': 'https://web.example@evil.example/cb',
  'a line break in the URL': 'https://web.example/cb\r\nSet-Cookie: a=b',
  'a blank before the URL': ' https://web.example/cb',
  'a blank in the URL': 'https://web.example/a b',
  'a tab in the URL': 'https://web.example/c\tb',
  'a host that is not ASCII': 'https://wéb.example/cb',
  'a backslash': 'https:\\\\web.example/cb',
} as const

proveRule(registrationRules, 'SP-AZ-08', {
  good: of({
    application_type: 'native',
    redirect_uris: [
      'http://127.0.0.1:5000/cb',
      'http://[::1]/cb',
      'https://web.example/cb?a=b%20c',
    ],
  }),
  refuses: {
    ...Object.fromEntries(
      Object.entries(UNENCRYPTED).map(([title, uri]) => [
        title,
        of({ redirect_uris: ['https://web.example/cb', uri] }),
      ]),
    ),
    'localhost by name, though native': of({
      application_type: 'native',
      redirect_uris: ['http://localhost:5000/cb'],
    }),
    'a host that begins like loopback': of({
      application_type: 'native',
      redirect_uris: ['http://127.0.0.1.evil.example/cb'],
    }),
    'another host by user name': of({
      application_type: 'native',
      redirect_uris: ['http://127.0.0.1:80@evil.example/cb'],
    }),
  },
})

proveRule(registrationRules, 'LOG-02', {
  good: of({ post_logout_redirect_uris: ['https://web.example/bye?x=y'] }),
  refuses: Object.fromEntries(
    Object.entries(UNENCRYPTED).map(([title, uri]) => [
      title,
      of({ post_logout_redirect_uris: [uri] }),
    ]),
  ),
})

const LOGOUT = 'https://web.example/backchannel-logout'

proveRule(registrationRules, 'LOG-06', {
  good: of({ backchannel_logout_uri: `${LOGOUT}?x=y`, backchannel_logout_session_required: true }),
  refuses: {
    'http, also for a native app': of({
      application_type: 'native',
      backchannel_logout_uri: 'http://127.0.0.1/',
    }),
    'a fragment': of({ backchannel_logout_uri: `${LOGOUT}#x` }),
    'an empty fragment': of({ backchannel_logout_uri: `${LOGOUT}#` }),
    credentials: of({ backchannel_logout_uri: 'https://user:pass@web.example/' }),
    'no absolute URL': of({ backchannel_logout_uri: '/backchannel-logout' }),
    'white space': of({ backchannel_logout_uri: `${LOGOUT} x` }),
  },
})

proveRule(registrationRules, 'SP-AS-04', {
  good: of({ dpop_bound_access_tokens: true }),
  refuses: {
    'bearer tokens': of({ dpop_bound_access_tokens: false }),
    'bearer tokens, in so many words': of({
      dpop_bound_access_tokens: false,
      tls_client_certificate_bound_access_tokens: false,
    }),
    'tokens that are bound twice': of({
      dpop_bound_access_tokens: true,
      tls_client_certificate_bound_access_tokens: true,
    }),
  },
})

test('SP-AS-04 tokens may be bound to certificates instead', () => {
  const bound = { tls_client_certificate_bound_access_tokens: true }
  for (const change of [bound, { ...bound, dpop_bound_access_tokens: false }])
    assert.deepEqual(breaches(registrationRules, of(change)), [])
})

proveRule(registrationRules, 'SP-AZ-03', {
  good: of({ require_pushed_authorization_requests: true }),
  refuses: {
    'requests that are not pushed': of({ require_pushed_authorization_requests: false }),
  },
})

proveRule(registrationRules, 'SP-AS-14', {
  good: of({ scope: 'openid accounts' }),
  refuses: each('scope', {
    'a scope nobody declared': 'openid admin',
    'a scope in another case': 'Accounts',
    'a name of every object': '__proto__',
    'another name of every object': 'constructor',
  }),
})
