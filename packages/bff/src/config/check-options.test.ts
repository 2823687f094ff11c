import {
  exportDecryptionJwk,
  exportPrivateJwk,
  generateEncryptionKey,
  generateSigningKey,
} from '@signet/protocol'
import { rsa } from '@signet/protocol/testing/certificates'
import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { describe, test } from 'node:test'
import { createCore } from '../core.ts'
import { clientCertificate, TEST_CA, type TestCertificate } from '../testing/certificates.ts'
import { sampleFrontend, sampleOptions } from '../testing/sample-options.ts'
import { checkOptions } from './check-options.ts'
import type { BffOptions, ClientOptions, RouteOptions } from './options.ts'
import { Misconfigured } from './misconfigured.ts'

const own = await clientCertificate('bank')
const other = await clientCertificate('bank')
const { keys = [] } = sampleOptions().client

const tlsOf = ({ certificate, key }: TestCertificate): NonNullable<ClientOptions['tls']> => ({
  certificate,
  key,
})

/** The problems of a client with these options, as `place: message`. */
function problemsOf(client: Partial<ClientOptions>, more: Partial<BffOptions> = {}): string[] {
  const options = sampleOptions({ client: { client_id: 'bank', ...client }, ...more })
  const found = checkOptions(options).map(({ path, message }) => `${path.join('.')}: ${message}`)
  // Whoever does not check first is told the same.
  if (found.length === 0) createCore(options).outgoing.close()
  else {
    assert.throws(
      () => createCore(options),
      (error) => error instanceof Misconfigured && error.message === found.join('\n'),
    )
  }
  return found
}

test('good options have no problems', () => {
  assert.deepEqual(checkOptions(sampleOptions()), [])
})

test('each problem says where it is, those of keys too, and tells no key', () => {
  const { publicJwk } = generateSigningKey('ES256')
  const { d, ...rest } = exportPrivateJwk(generateSigningKey('ES256'))
  const found = checkOptions({
    ...sampleOptions({
      issuer: 'http://as.example',
      client: { client_id: 'bank', keys: [{ ...rest, d: 'AA' }, publicJwk] },
    }),
    frontends: [{ ...sampleFrontend(), publicOrigin: 'http://app.example' }],
  })
  assert.deepEqual(
    found.map(({ path }) => path.join('.')),
    ['issuer', 'frontends.0.publicOrigin', 'client.keys.0', 'client.keys.1'],
  )
  assert.ok(!JSON.stringify(found).includes(d))
})

test('a client that is none is told of, and not tripped over', () => {
  for (const client of [undefined, 'bank', { client_id: 'bank', keys: 'none', tls: 1 }]) {
    const found = checkOptions(Object.assign(sampleOptions(), { client }))
    assert.ok(found.length > 0)
    assert.ok(found.every(({ path: [first] }) => first === 'client'))
  }
})

test('what is wrong together has no place of its own', () => {
  const [found, ...more] = checkOptions(
    sampleOptions({ sessions: { ...sampleOptions().sessions, sliding: 20, absolute: 10 } }),
  )
  assert.deepEqual([found?.path, more], [[], []])
  assert.match(found?.message ?? '', /sliding/)
})

describe('a client', () => {
  const everything: Partial<ClientOptions> = {
    tls: tlsOf(own),
    authentication: 'tls_client_auth',
    senderConstraint: 'mtls',
  }

  test('SP-CL-02 authenticates with a key or a certificate, and needs no more than it uses', () => {
    assert.deepEqual(problemsOf({ keys }), [])
    assert.deepEqual(problemsOf(everything), [])
    assert.deepEqual(
      problemsOf({ ...everything, authentication: 'self_signed_tls_client_auth' }),
      [],
    )
    assert.deepEqual(problemsOf({ keys, tls: tlsOf(own), senderConstraint: 'mtls' }), [])
    assert.deepEqual(problemsOf({ keys, tls: tlsOf(own), useMtlsEndpointAliases: true }), [])
    assert.deepEqual(problemsOf({ keys, useMtlsEndpointAliases: true }), [])
  })

  test('is told of everything it lacks', () => {
    assert.deepEqual(problemsOf({}), ['client.keys: required to authenticate by private_key_jwt'])
    assert.deepEqual(problemsOf({ authentication: 'tls_client_auth', senderConstraint: 'mtls' }), [
      'client.tls: required to authenticate by certificate',
      'client.tls: required to bind access tokens to the certificate',
    ])
    assert.deepEqual(problemsOf({ keys, tls: tlsOf(own) }), [
      'client.tls: would be shown to nobody: neither authentication nor access tokens need it',
    ])
    assert.deepEqual(problemsOf(everything, { requestObject: true }), [
      'client.keys: required to sign requests',
    ])
  })

  test('is told so together with everything else', () => {
    const found = problemsOf({ authentication: 'tls_client_auth' }, { issuer: 'http://as.example' })
    assert.deepEqual(
      found.map((line) => line.split(': ', 1)[0]),
      ['issuer', 'client.tls'],
    )
  })
})

describe('a certificate', async () => {
  const locked = createPrivateKey(own.key).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'secret',
  })
  const wrong: Readonly<Record<string, readonly [tls: ClientOptions['tls'], found: string]>> = {
    'that is none': [{ ...own, certificate: own.key }, 'certificate: holds no PEM certificate'],
    'that is empty': [{ ...own, certificate: '' }, 'certificate: holds no PEM certificate'],
    'with the key of another': [
      { certificate: own.certificate, key: other.key },
      'key: is not the key of the first certificate',
    ],
    'behind that of its authority': [
      { ...own, certificate: `${TEST_CA}\n${own.certificate}` },
      'key: is not the key of the first certificate',
    ],
    'with a chain that is broken': [
      {
        ...own,
        certificate: `${own.certificate}\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
      },
      'certificate: is too weak for TLS, or its chain broken',
    ],
    'with a key that wants a passphrase': [
      { ...own, key: locked },
      'key: holds no PEM private key without passphrase',
    ],
    'with a key that is none': [
      { ...own, key: own.certificate },
      'key: holds no PEM private key without passphrase',
    ],
    'with a key that is weak': [
      await clientCertificate('bank', { algorithm: rsa(1024) }),
      'certificate: is too weak for TLS, or its chain broken',
    ],
  }
  for (const [title, [tls, found]] of Object.entries(wrong)) {
    test(`${title} is refused, and nothing of a key is told`, () => {
      const { certificate = '', key = '' } = tls ?? {}
      const client = { tls: { certificate, key }, authentication: 'tls_client_auth' } as const
      assert.deepEqual(problemsOf(client), [`client.tls.${found}`])
    })
  }

  test('that has expired is for others to judge', async () => {
    const notAfter = Math.floor(Date.now() / 1000) - 60
    const expired = await clientCertificate('bank', { notAfter })
    const client = { tls: tlsOf(expired), authentication: 'tls_client_auth' } as const
    assert.deepEqual(problemsOf(client), [])
    const { certificate, outgoing } = createCore(
      sampleOptions({ client: { client_id: 'bank', ...client } }),
    )
    outgoing.close()
    assert.equal(certificate?.expires, notAfter)
    assert.equal(certificate.thumbprint, expired.thumbprint)
  })
})

describe('the profile', () => {
  const signing = { profile: 'fapi2-message-signing' } as const
  const settingsOf = (options: Partial<BffOptions>): readonly boolean[] => {
    const { settings, outgoing } = createCore(sampleOptions(options))
    outgoing.close()
    return [settings.requestObject, settings.signedResponse]
  }

  test('is one switch for signed requests and responses', () => {
    assert.deepEqual(settingsOf({}), [false, false])
    assert.deepEqual(settingsOf({ profile: 'fapi2-security' }), [false, false])
    assert.deepEqual(settingsOf(signing), [true, true])
  })

  test('SP-PROF-01 can be outdone, and not undone', () => {
    assert.deepEqual(settingsOf({ profile: 'fapi2-security', requestObject: true }), [true, false])
    assert.deepEqual(settingsOf({ ...signing, requestObject: true }), [true, true])
    assert.deepEqual(
      problemsOf({ keys }, { ...signing, requestObject: false, signedResponse: false }),
      [
        'requestObject: cannot be off in this profile',
        'signedResponse: cannot be off in this profile',
      ],
    )
  })
})

describe('encryption', () => {
  const encryption = { alg: 'ECDH-ES', enc: 'A256GCM' } as const

  test('is for requests that are signed', () => {
    const requestObjectEncryption = encryption
    assert.deepEqual(problemsOf({ keys }, { requestObject: true, requestObjectEncryption }), [])
    assert.deepEqual(problemsOf({ keys }, { requestObjectEncryption }), [
      'requestObjectEncryption: encrypts signed requests only: turn them on',
    ])
  })

  test('is not by algorithms that can be broken', () => {
    for (const [alg, enc] of [
      ['RSA1_5', 'A256GCM'],
      ['dir', 'A256GCM'],
      ['A256KW', 'A256GCM'],
      ['PBES2-HS256+A128KW', 'A256GCM'],
      ['ECDH-ES', 'none'],
    ] as const) {
      const options = sampleOptions({ requestObject: true })
      const [found, ...more] = checkOptions(
        Object.assign(options, { requestObjectEncryption: { alg, enc } }),
      )
      assert.equal(found?.path[0], 'requestObjectEncryption', alg)
      assert.deepEqual(more, [])
    }
  })

  test('is for a client with private keys of its own', () => {
    const good = exportDecryptionJwk(generateEncryptionKey('ECDH-ES'))
    const { d: _d, ...published } = good
    const signing = exportPrivateJwk(generateSigningKey('ES256'))
    const found = problemsOf({ keys, decryptionKeys: [good, published, signing, { kty: 'oct' }] })
    assert.deepEqual(
      found.map((line) => line.split(': ', 1)[0]),
      [1, 2, 3].map((index) => `client.decryptionKeys.${index}`),
    )
    assert.ok(!found.join().includes(signing.d))
  })
})

describe('a route that signs, or wants signatures', () => {
  const responseKeys = { jwks: { keys: [generateSigningKey('ES256').publicJwk] } }
  const signed = { signedRequest: true, signedResponse: true, responseKeys } as const
  const found = (
    route: Partial<RouteOptions>,
    client: Partial<ClientOptions> = { keys },
  ): string[] =>
    problemsOf(client, {
      frontends: [
        sampleFrontend({
          routes: [{ match: '/api/', target: 'https://api.example/', token: 'user', ...route }],
        }),
      ],
    })
  const places = (route: Partial<RouteOptions>): string[] =>
    found(route).map((line) => (line.split(': ', 1)[0] ?? '').replace('frontends.0.routes.0.', ''))

  test('needs a token to sign, and the keys of the API', () => {
    const { signedRequest } = signed
    for (const token of ['user', 'client'] as const)
      assert.deepEqual(found({ ...signed, token }), [])
    assert.deepEqual(found({ token: 'none', signedResponse: true, responseKeys }), [])
    assert.deepEqual(places({ token: 'none', signedRequest }), ['signedRequest'])
    assert.deepEqual(places({ token: 'user-or-none', signedRequest }), ['signedRequest'])
    assert.deepEqual(places({ signedResponse: true }), ['responseKeys'])
    assert.deepEqual(places({ responseKeys }), ['responseKeys'])
  })

  test('is told everything that does not fit, all at once', () => {
    const route = {
      ...signed,
      token: 'none',
      webSocket: true,
      eventStream: true,
      responseKeys: { jwksUri: 'http://api.example/jwks' },
      requestHeaders: ['content-digest'],
    } as const
    assert.deepEqual(places(route), [
      'responseKeys.jwksUri',
      'signedRequest',
      'requestHeaders',
      'webSocket',
      'eventStream',
    ])
    for (const one of [{ signedRequest: true }, { signedResponse: true, responseKeys }]) {
      assert.deepEqual(places({ ...one, webSocket: true }), ['webSocket'])
      assert.deepEqual(places({ ...one, eventStream: true }), ['eventStream'])
    }
  })

  test('HS-CL-01 lets no field of a signature through, where it makes them', () => {
    for (const name of ['signature', 'signature-input', 'content-digest']) {
      const requestHeaders = [name]
      assert.deepEqual(places({ signedRequest: true, requestHeaders }), ['requestHeaders'])
      assert.deepEqual(places({ requestHeaders }), [])
    }
  })

  test('HS-CL-05 takes keys that verify, or an https URL, and not both', () => {
    const { publicJwk } = generateEncryptionKey('ECDH-ES')
    const jwksUri = 'https://api.example/jwks?x=1'
    assert.deepEqual(found({ signedResponse: true, responseKeys: { jwksUri } }), [])
    for (const wrong of [
      {},
      { ...responseKeys, jwksUri },
      { jwks: { keys: [] } },
      { jwks: { keys: [publicJwk] } },
      { jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } },
      { jwks: responseKeys.jwks.keys },
      { jwksUri: 'https://api.example/jwks#x' },
      { jwksUri: 'https://me@api.example/jwks' },
      { jwksUri: '/jwks' },
    ]) {
      const route: Partial<RouteOptions> = { signedResponse: true }
      const [place = '', ...more] = places(Object.assign(route, { responseKeys: wrong }))
      assert.match(place, /^responseKeys/, JSON.stringify(wrong))
      assert.deepEqual(more, [])
    }
  })

  test('HS-CL-02 signs with a key of the client that a signature can name', () => {
    const certified: Partial<ClientOptions> = {
      tls: tlsOf(own),
      authentication: 'tls_client_auth',
    }
    const { signedRequest } = signed
    assert.deepEqual(found({ signedRequest }, certified), [
      'client.keys: required to sign the calls of a route',
    ])
    assert.deepEqual(found({}, certified), [])
    const strange = { keys: keys.map((key) => ({ ...key, kid: '\u00e4pp' })) }
    const [line = '', ...more] = found({ signedRequest }, strange)
    assert.match(line, /^client\.keys\.0: its kid/)
    assert.deepEqual(more, [])
    assert.deepEqual(found({}, strange), [])
    const nameless = { keys: keys.map((key) => ({ ...key, kid: undefined })) }
    assert.deepEqual(found({ signedRequest }, nameless), [])
  })
})
