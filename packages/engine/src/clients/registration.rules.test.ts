import { generateSigningKey } from '@signet/protocol'
import { proveRule, unusableJwks } from '@signet/protocol/testing'
import type { Service } from '../config.ts'
import { SERVICE } from '../testing/index.ts'
import type { Registration } from './metadata.ts'
import { registrationRules } from './registration.rules.ts'

const jwks = { keys: [generateSigningKey('ES256').publicJwk] }
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
  },
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
  },
})

proveRule(registrationRules, 'DCR-04', {
  good: of({ id_token_signed_response_alg: 'Ed25519', userinfo_signed_response_alg: 'ES256' }),
  refuses: {
    'ID tokens with an algorithm without key': of({ id_token_signed_response_alg: 'PS256' }),
    'userinfo with an algorithm without key': of({ userinfo_signed_response_alg: 'PS256' }),
  },
})

proveRule(registrationRules, 'DCR-05', {
  good: of({ jwks: undefined, jwks_uri: 'https://web.example/jwks' }),
  refuses: {
    'a client with jwks and jwks_uri': of({ jwks_uri: 'https://web.example/jwks' }),
    'a client without keys': of({ jwks: undefined }),
  },
})

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
  },
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
  refuses: { 'bearer tokens': of({ dpop_bound_access_tokens: false }) },
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
