import { generateSigningKey } from '@signet/protocol'
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import {
  AUTHORITY,
  CLIENT_KEY,
  createFolder,
  CREDENTIAL,
  DECRYPTION_KEY,
  FRONTEND,
  LEAST,
  OTHER,
  ROUTE,
  SESSION_KEY,
  withFrontend,
} from './testing/folder.ts'

const { load, problems, write, path } = createFolder()

const API_KEYS = { keys: [{ ...generateSigningKey('ES256').publicJwk, key_ops: ['verify'] }] }

describe('the configuration file of a BFF', () => {
  test('needs a server, a client, a port, a database, a key and an app; the rest has a default', () => {
    const config = load(LEAST)
    assert.deepEqual(config.listen, { host: '127.0.0.1', port: 9446 })
    assert.equal(config.management, undefined)
    assert.deepEqual(config.store, { sqlite: join(path, 'data', 'sessions.db') })
    assert.deepEqual([config.log, config.drain], [{ level: 'info' }, 10])
    assert.deepEqual(config.options, {
      issuer: 'https://as.example',
      client: { client_id: 'app', keys: [CLIENT_KEY] },
      sessions: { keys: [SESSION_KEY] },
      frontends: [{ name: 'app', publicOrigin: 'https://app.example', scopes: ['openid'] }],
    })
  })

  test('keeps sessions in a file, a PostgreSQL or a Redis', () => {
    const url = 'postgres://signet@db.example/sessions?sslmode=verify-full'
    const { store } = load({ ...LEAST, store: { postgres: url, connections: 5 } })
    assert.deepEqual(store, { postgres: { url, connections: 5, preparedStatements: true } })
    const redis = 'rediss://cache.example'
    assert.deepEqual(load({ ...LEAST, store: { redis, trusted_cas: ['ca.pem'] } }).store, {
      redis: { url: redis, trustedCas: [AUTHORITY.trim()] },
    })
    const { store: _, ...rest } = LEAST
    const file = write('redis-url', `${redis}\n`)
    const environment = { SIGNET_BFF_STORE_REDIS_FILE: file }
    assert.deepEqual(load(rest, environment).store, { redis: { url: redis } })
  })

  test('keeps them in one place', () => {
    const named = (store: object): readonly string[] => problems({ ...LEAST, store })
    assert.deepEqual(named({}), ['store: needs sqlite, postgres or redis'])
    assert.deepEqual(named({ sqlite: 'a.db', redis: 'redis://localhost' }), [
      'store: needs sqlite, postgres or redis, and only one of them; there are sqlite and redis',
    ])
    assert.match(named({ redis: 's3cret' })[0] ?? '', /^store\.redis: must be an address/)
    assert.match(
      named({ redis: 'redis://localhost', trusted_cas: ['none.pem'] }).join(),
      /store\.trusted_cas: .*ENOENT/,
    )
  })

  test('can say everything the BFF can do, in the names of the file', () => {
    const requested_claims = { id_token: { given_name: { essential: true } } }
    const { options, management, drain } = load({
      ...LEAST,
      management: { port: 9447 },
      drain: 3,
      listen: { port: 1, tls: { certificate: 'server.pem', key: 'server-key.pem' } },
      sessions: { key_files: ['session.key'], sliding: 60, absolute: 120 },
      trusted_cas: ['ca.pem', CREDENTIAL.certificate],
      requested_claims,
      userinfo: true,
      client: {
        client_id: 'app',
        key_files: ['client.jwk'],
        tls: { certificate: 'server.pem', key: 'server-key.pem' },
        authentication: 'tls_client_auth',
        sender_constraint: 'mtls',
        use_mtls_endpoint_aliases: true,
        decryption_key_files: ['decryption.jwk'],
      },
      profile: 'fapi2-message-signing',
      request_object: true,
      request_object_encryption: { alg: 'ECDH-ES', enc: 'A256GCM' },
      signed_response: true,
      timeout: 5,
      development: true,
      frontends: [
        {
          ...FRONTEND,
          match: { host: 'internal:8080', path: '/shop/' },
          base_path: '/shop/auth',
          acr_values: ['strong'],
          prompt: 'consent',
          post_logout_path: '/shop/bye',
          error_path: '/shop/oops',
          static: 'dist',
          content_security_policy: "default-src 'self'",
          routes: [
            {
              ...ROUTE,
              match: '/shop/api/',
              scopes: ['accounts'],
              resource: 'https://api.example/',
              methods: ['GET'],
              request_headers: ['x-tenant'],
              web_socket: true,
              event_stream: true,
              timeout: 5,
            },
            { match: '/shop/open/', target: 'http://localhost:1/', token: 'none', csrf: false },
            {
              ...ROUTE,
              match: '/shop/pay/',
              signed_request: true,
              signed_response: true,
              response_keys: { jwks: API_KEYS },
            },
            {
              ...ROUTE,
              match: '/shop/read/',
              signed_response: true,
              response_keys: { jwks_uri: 'https://api.example/jwks' },
            },
          ],
        },
      ],
    })
    assert.deepEqual([management, drain], [{ host: '127.0.0.1', port: 9447 }, 3])
    assert.deepEqual(options, {
      issuer: 'https://as.example',
      client: {
        client_id: 'app',
        keys: [CLIENT_KEY],
        tls: CREDENTIAL,
        authentication: 'tls_client_auth',
        senderConstraint: 'mtls',
        useMtlsEndpointAliases: true,
        decryptionKeys: [DECRYPTION_KEY],
      },
      profile: 'fapi2-message-signing',
      requestObjectEncryption: { alg: 'ECDH-ES', enc: 'A256GCM' },
      sessions: { keys: [SESSION_KEY], sliding: 60, absolute: 120 },
      ca: `${AUTHORITY}\n${CREDENTIAL.certificate}`,
      requestedClaims: requested_claims,
      userinfo: true,
      requestObject: true,
      signedResponse: true,
      timeout: 5,
      development: true,
      frontends: [
        {
          name: 'app',
          publicOrigin: 'https://app.example',
          scopes: ['openid'],
          match: { host: 'internal:8080', path: '/shop/' },
          basePath: '/shop/auth',
          acrValues: ['strong'],
          prompt: 'consent',
          postLogoutPath: '/shop/bye',
          errorPath: '/shop/oops',
          static: join(path, 'dist'),
          contentSecurityPolicy: "default-src 'self'",
          routes: [
            {
              match: '/shop/api/',
              target: 'https://api.example/v1/',
              token: 'user',
              scopes: ['accounts'],
              resource: 'https://api.example/',
              methods: ['GET'],
              requestHeaders: ['x-tenant'],
              webSocket: true,
              eventStream: true,
              timeout: 5,
            },
            { match: '/shop/open/', target: 'http://localhost:1/', token: 'none', csrf: false },
            {
              match: '/shop/pay/',
              target: 'https://api.example/v1/',
              token: 'user',
              signedRequest: true,
              signedResponse: true,
              responseKeys: { jwks: API_KEYS },
            },
            {
              match: '/shop/read/',
              target: 'https://api.example/v1/',
              token: 'user',
              signedResponse: true,
              responseKeys: { jwksUri: 'https://api.example/jwks' },
            },
          ],
        },
      ],
    })
  })

  test('may be JSON', () => {
    assert.equal(load(JSON.stringify(LEAST)).options.issuer, 'https://as.example')
  })
})

test('an unknown key is a problem at any depth, with a suggestion', () => {
  const found = problems({
    ...LEAST,
    isuer: 'x',
    client: { ...LEAST.client, keys: [] },
    frontends: [
      { ...FRONTEND, publicOrigin: 'x', routes: [{ ...ROUTE, websocket: true, rewrite: {} }] },
    ],
  })
  assert.deepEqual(found.toSorted(), [
    'client.keys: unknown key',
    'frontends.0.publicOrigin: unknown key; did you mean public_origin?',
    'frontends.0.routes.0.rewrite: unknown key',
    'frontends.0.routes.0.websocket: unknown key; did you mean web_socket?',
    'isuer: unknown key; did you mean issuer?',
  ])
})

test('what is wrong in many places is told at once, by the names of the file', () => {
  const found = problems({
    ...LEAST,
    issuer: 'http://as.example',
    listen: { host: '0.0.0.0', port: 1 },
    client: { client_id: 'app', key_files: ['none.jwk', 'public.jwk'] },
    sessions: { key_files: ['session.key', 'none.key'] },
    trusted_cas: ['session.key'],
    frontends: [
      {
        ...FRONTEND,
        public_origin: 'https://app.example/x',
        static: 'nowhere',
        routes: [{ ...ROUTE, target: 'http://api.example/', request_headers: ['cookie'] }],
      },
    ],
  })
  assert.deepEqual(
    found.map((line) => line.split(':')[0]),
    [
      'trusted_cas.0',
      'client.key_files.0',
      'client.key_files.1',
      'sessions.key_files.1',
      'listen.tls',
      'frontends.0.static',
      'issuer',
      'frontends.0.public_origin',
      'frontends.0.routes.0.request_headers.0',
      'frontends.0.routes.0.target',
    ],
  )
})

test('what is wrong with keys and certificates of the client is told at once, by the names of the file', () => {
  write('other.pem', OTHER.certificate)
  const found = problems({
    ...LEAST,
    client: {
      client_id: 'app',
      tls: { certificate: 'other.pem', key: 'server-key.pem' },
      authentication: 'tls_client_auth',
      decryption_key_files: ['decryption.jwk', 'client.jwk', 'none.jwk'],
    },
    profile: 'fapi2-message-signing',
    signed_response: false,
    request_object: false,
    request_object_encryption: { alg: 'RSA-OAEP-256', enc: 'A128GCM' },
  })
  assert.deepEqual(
    found.map((line) => line.split(': ', 1)[0]),
    [
      'client.decryption_key_files.2',
      'request_object_encryption',
      'request_object',
      'signed_response',
      'client.decryption_key_files.1',
      'client.tls.key',
    ],
  )
})

test('a certificate that cannot be read is told once', () => {
  const tls = { certificate: 'none.pem', key: 'server-key.pem' }
  const client = { ...LEAST.client, tls, sender_constraint: 'mtls' }
  const [found = '', ...more] = problems({ ...LEAST, client })
  assert.match(found, /^client\.tls\.certificate: .*none\.pem cannot be read/)
  assert.deepEqual(more, [])
})

const WRONG: Readonly<Record<string, readonly [content: object, problem: RegExp]>> = {
  'without an issuer': [{ ...LEAST, issuer: undefined }, /^issuer: required$/],
  'without a key for sessions': [{ ...LEAST, sessions: { key_files: [] } }, /^sessions\.key_files/],
  'without a key of the client': [
    { ...LEAST, client: { client_id: 'app', key_files: [] } },
    /^client\.key_files/,
  ],
  'without any key of the client': [
    { ...LEAST, client: { client_id: 'app' } },
    /^client\.key_files: required/,
  ],
  'with tokens bound to a certificate that is not there': [
    { ...LEAST, client: { ...LEAST.client, sender_constraint: 'mtls' } },
    /^client\.tls: required/,
  ],
  'with a certificate for nobody': [
    {
      ...LEAST,
      client: {
        ...LEAST.client,
        tls: { certificate: 'server.pem', key: 'server-key.pem' },
      },
    },
    /^client\.tls: would be shown to nobody/,
  ],
  'with a key management that can be asked until it tells': [
    { ...LEAST, request_object_encryption: { alg: 'RSA1_5', enc: 'A128GCM' } },
    /^request_object_encryption\.alg/,
  ],
  'without a frontend': [{ ...LEAST, frontends: [] }, /^frontends/],
  'with another kind of token': [
    withFrontend({ routes: [{ ...ROUTE, token: 'admin' }] }),
    /^frontends\.0\.routes\.0\.token/,
  ],
  'with a lifetime of nothing': [
    { ...LEAST, sessions: { ...LEAST.sessions, sliding: 0 } },
    /^sessions\.sliding/,
  ],
  'with a sliding lifetime beyond the absolute one': [
    { ...LEAST, sessions: { ...LEAST.sessions, sliding: 20, absolute: 10 } },
    /^sessions\.sliding is longer/,
  ],
  'SP-NET-01 without TLS for others': [
    { ...LEAST, listen: { host: '::', port: 1 } },
    /^listen\.tls: required/,
  ],
  'BCP-13 with a token for a target without TLS': [
    withFrontend({ routes: [{ ...ROUTE, target: 'http://localhost/' }] }),
    /^frontends\.0\.routes\.0\.target: must be https/,
  ],
  'BFF-06 with a token and without CSRF protection': [
    withFrontend({ routes: [{ ...ROUTE, csrf: false }] }),
    /^frontends\.0\.routes\.0\.csrf/,
  ],
  'HS-CL-03 with a signature of calls that have no token': [
    withFrontend({ routes: [{ ...ROUTE, token: 'none', signed_request: true }] }),
    /^frontends\.0\.routes\.0\.signed_request: signs the access token/,
  ],
  'HS-CL-05 with signed answers and no keys for them': [
    withFrontend({ routes: [{ ...ROUTE, signed_response: true }] }),
    /^frontends\.0\.routes\.0\.response_keys/,
  ],
  'HS-CL-05 with keys of an API without TLS': [
    withFrontend({
      routes: [
        { ...ROUTE, signed_response: true, response_keys: { jwks_uri: 'http://api.example/' } },
      ],
    }),
    /^frontends\.0\.routes\.0\.response_keys\.jwks_uri: must be an https URL/,
  ],
  'HS-CL-05 with keys of an API that are for something else': [
    withFrontend({
      routes: [
        {
          ...ROUTE,
          signed_response: true,
          response_keys: { jwks: { keys: [{ ...API_KEYS.keys[0], key_ops: ['sign'] }] } },
        },
      ],
    }),
    /^frontends\.0\.routes\.0\.response_keys\.jwks: has no key/,
  ],
  'HS-CL-01 without a key to sign the calls of a route': [
    {
      ...LEAST,
      client: {
        client_id: 'app',
        tls: { certificate: 'server.pem', key: 'server-key.pem' },
        authentication: 'tls_client_auth',
      },
      frontends: [{ ...FRONTEND, routes: [{ ...ROUTE, signed_request: true }] }],
    },
    /^client\.key_files: required to sign the calls of a route$/,
  ],
  'BFF-09 with a route to everything': [
    withFrontend({ routes: [{ ...ROUTE, match: '/' }] }),
    /^frontends\.0\.routes\.0\.match/,
  ],
  'with two frontends in one place': [
    { ...LEAST, frontends: [FRONTEND, { ...FRONTEND, name: 'other' }] },
    /the same host and path/,
  ],
}

describe('a file is refused', () => {
  for (const [title, [content, problem]] of Object.entries(WRONG)) {
    test(title, () => {
      const [found = '', ...more] = problems(JSON.parse(JSON.stringify(content)))
      assert.match(found, problem)
      assert.deepEqual(more, [])
    })
  }
})

describe('a key of the client', () => {
  const at = (name: string, content: string): readonly string[] => {
    write(name, content)
    return problems({ ...LEAST, client: { client_id: 'app', key_files: ['client.jwk', name] } })
  }

  test('is one private JWK for a signature of the profile', () => {
    const { publicJwk } = generateSigningKey('ES256')
    const wrong: Readonly<Record<string, string>> = {
      'a public key': JSON.stringify(publicJwk),
      'a set of keys': JSON.stringify({ keys: [CLIENT_KEY] }),
      'a list': JSON.stringify([CLIENT_KEY]),
      'a symmetric key': JSON.stringify({ kty: 'oct', k: SESSION_KEY.toString('base64url') }),
      'a curve of others': JSON.stringify({ ...CLIENT_KEY, crv: 'P-384' }),
      'no JSON': CREDENTIAL.key,
      nothing: '',
    }
    for (const [title, content] of Object.entries(wrong)) {
      const [found = '', ...more] = at('wrong.jwk', content)
      assert.match(found, /^client\.key_files\.1: /, title)
      assert.deepEqual(more, [], title)
      assert.ok(!found.includes(CREDENTIAL.key.split('\n')[1] ?? ''))
    }
  })

  test('that is next can stand behind the one that signs', () => {
    assert.deepEqual(at('next.jwk', JSON.stringify(CLIENT_KEY)), [])
  })
})

describe('a key of the sessions', () => {
  const files = (...key_files: readonly string[]): object => ({ ...LEAST, sessions: { key_files } })

  test('is 32 bytes, as they are or in base64url, and the order is kept', () => {
    const other = Buffer.alloc(32, 9)
    write('text.key', `${other.toString('base64url')}\n`)
    const { keys } = load(files('text.key', 'session.key')).options.sessions
    assert.deepEqual(
      keys.map((key) => Buffer.from(key)),
      [other, SESSION_KEY],
    )
  })

  test('of any other length or alphabet is refused', () => {
    const wrong = [
      SESSION_KEY.subarray(1),
      SESSION_KEY.toString('hex'),
      Buffer.alloc(31).toString('base64url'),
      Buffer.alloc(33).toString('base64url'),
      Buffer.alloc(32, 255).toString('base64'),
      'correct horse battery staple',
      '',
    ]
    for (const content of wrong) {
      write('wrong.key', content)
      assert.deepEqual(problems(files('session.key', 'wrong.key')), [
        'sessions.key_files.1: holds no key: 32 bytes, raw or in base64url',
      ])
    }
  })
})

describe('the environment', () => {
  test('lies over the file by names of its own', () => {
    const { options, listen, management } = load(LEAST, {
      SIGNET_BFF_ISSUER: 'https://env.example',
      SIGNET_BFF_CLIENT_CLIENT_ID: 'other',
      SIGNET_BFF_LISTEN_PORT: '1234',
      SIGNET_BFF_MANAGEMENT_PORT: '9447',
      SIGNET_BFF_CLIENT_AUTHENTICATION: 'private_key_jwt',
      SIGNET_BFF_PROFILE: 'fapi2-security',
      SIGNET_BFF_USERINFO: 'true',
      SIGNET_BFF_SESSIONS_SLIDING: '60',
      SIGNET_BFF_CONFIG: 'elsewhere.yaml',
      SIGNET_ISSUER: 'https://not-ours.example',
    })
    assert.equal(options.issuer, 'https://env.example')
    assert.equal(options.client.client_id, 'other')
    assert.equal(options.client.authentication, 'private_key_jwt')
    assert.equal(options.profile, 'fapi2-security')
    assert.equal(options.userinfo, true)
    assert.equal(options.sessions.sliding, 60)
    assert.deepEqual([listen.port, management?.port], [1234, 9447])
  })

  test('may name a file with the value', () => {
    const file = write('issuer.txt', 'https://from-file.example\n')
    const { options } = load(LEAST, { SIGNET_BFF_ISSUER_FILE: file })
    assert.equal(options.issuer, 'https://from-file.example')
  })

  test('with a variable nobody knows is a problem, with a suggestion', () => {
    assert.deepEqual(problems(LEAST, { SIGNET_BFF_LISTEN_PROT: '1', SIGNET_BFF_XYZZY: '1' }), [
      'SIGNET_BFF_LISTEN_PROT: unknown variable; did you mean SIGNET_BFF_LISTEN_PORT?',
      'SIGNET_BFF_XYZZY: unknown variable',
    ])
  })
})
