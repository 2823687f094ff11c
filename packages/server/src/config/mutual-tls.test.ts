import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parse } from 'yaml'
import { printConfig } from './print.ts'
import { AUTHORITY, client, createFolder, CREDENTIAL, LEAST } from './testing/folder.ts'

const { load, problems, write } = createFolder()
write('clients-ca.pem', AUTHORITY)

const tls = { certificate: 'server.pem', key: 'server-key.pem' }
const MTLS = {
  origin: 'https://mtls.as.example:9444',
  listen: { host: '0.0.0.0', port: 9444, tls },
  trusted_cas: ['clients-ca.pem'],
}
const PROXIES = { trusted: ['10.0.0.0/8', '::1'], client_certificate_header: 'rfc9440' }
const { issuer: _issuer, ...SEVERAL } = LEAST

describe('the listener for certificates', () => {
  test('MTLS-08 gives each service the aliases of what clients call directly, at the path of its issuer', () => {
    const services = [{ issuer: 'https://as.example/one' }, { issuer: 'https://as.example/two/' }]
    const config = load({ ...SEVERAL, services, mtls: { ...MTLS, origin: `${MTLS.origin}/` } })
    assert.deepEqual(
      config.services.map(({ service }) => service.mtls?.endpoints.token),
      ['https://mtls.as.example:9444/one/token', 'https://mtls.as.example:9444/two/token'],
    )
    assert.deepEqual(Object.keys(config.services[0]?.service.mtls?.endpoints ?? {}).toSorted(), [
      'introspection',
      'pushedAuthorizationRequest',
      'revocation',
      'token',
      'userinfo',
    ])
    assert.equal(config.mtls?.origin, 'https://mtls.as.example:9444')
    assert.equal(config.mtls.listen.port, 9444)
  })

  test('MTLS-08 is none unless it is configured', () => {
    const config = load(LEAST)
    assert.equal(config.mtls, undefined)
    assert.equal(config.services[0]?.service.mtls, undefined)
    assert.deepEqual(config.proxies, { trusted: [] })
  })

  test('MTLS-08 has an origin of its own, and nothing but an origin', () => {
    for (const origin of [
      'http://mtls.as.example',
      'https://mtls.as.example/path',
      'https://mtls.as.example?x',
      'https://user@mtls.as.example',
      'mtls.as.example',
      '',
    ]) {
      const [problem = ''] = problems({ ...LEAST, mtls: { ...MTLS, origin } })
      assert.match(problem, /^mtls\.origin: must be an https origin/, origin)
    }
    const [problem = ''] = problems({ ...LEAST, mtls: { ...MTLS, origin: 'https://as.example' } })
    assert.match(problem, /^mtls\.origin: .*\(MTLS-08\); found https:\/\/as\.example\/token$/)
  })

  test('MTLS-08 two services have no alias in common', () => {
    const services = [{ issuer: 'https://a.example' }, { issuer: 'https://b.example' }]
    assert.deepEqual(problems({ ...SEVERAL, services, mtls: MTLS }), [
      'mtls: two services would be at https://mtls.as.example:9444/token',
    ])
    const apart = [
      { issuer: 'https://a.example', mtls_origin: 'https://mtls.a.example' },
      { issuer: 'https://b.example', mtls_origin: 'https://mtls.b.example' },
    ]
    assert.deepEqual(
      load({ ...SEVERAL, services: apart, mtls: MTLS }).services.map(
        ({ service }) => service.mtls?.endpoints.userinfo,
      ),
      ['https://mtls.a.example/userinfo', 'https://mtls.b.example/userinfo'],
    )
    const crossed = [{ issuer: 'https://a.example', mtls_origin: 'https://b.example' }, apart[1]]
    assert.deepEqual(problems({ ...SEVERAL, services: crossed, mtls: MTLS }), [
      'mtls: two services would be at https://b.example/token',
    ])
  })

  test('an origin of one service without the listener is a problem', () => {
    const services = [{ issuer: 'https://a.example', mtls_origin: 'https://mtls.a.example' }]
    assert.deepEqual(problems({ ...SEVERAL, services }), [
      'https://a.example: mtls_origin: concerns the listener mtls, and there is none',
    ])
    assert.match(
      problems({ ...LEAST, mtls_origin: 'https://mtls.a.example' })[0] ?? '',
      /^mtls_origin: unknown key/,
    )
  })

  test('SP-NET-01 needs TLS like the other, and on loopback too, for it has to ask', () => {
    const listening = (listen: object, more: object = {}): readonly string[] =>
      problems({ ...LEAST, ...more, mtls: { ...MTLS, listen } })
    assert.match(listening({ host: '0.0.0.0', port: 1 })[0] ?? '', /^mtls\.listen\.tls: required/)
    assert.match(listening({ port: 1 })[0] ?? '', /^mtls\.listen\.tls: required, to ask/)
    assert.deepEqual(listening({ port: 1 }, { proxies: PROXIES }), [])
    assert.match(
      listening({ host: '10.0.0.1', port: 1 }, { proxies: PROXIES })[0] ?? '',
      /^mtls\.listen\.tls: required .*SP-NET-01/,
    )
    assert.match(
      listening({ port: 1, tls: { ...tls, key: 'none.pem' } })[0] ?? '',
      /^mtls\.listen\.tls\.key: .*ENOENT/,
    )
    assert.match(
      listening({ port: 1, tls: { ...tls, key: 'server.pem' } })[0] ?? '',
      /^mtls\.listen\.tls\.key: holds no/,
    )
  })

  test('lets clients be declared that use certificates', () => {
    const own = client({
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_san_dns: ['old.client.example', 'new.client.example'],
      tls_client_certificate_bound_access_tokens: true,
      use_mtls_endpoint_aliases: true,
    })
    assert.deepEqual(problems({ ...LEAST, mtls: MTLS, clients: [own] }), [])
    assert.match(problems({ ...LEAST, clients: [own] })[0] ?? '', /^clients: app: .*\(MTLS-07\)/)
  })
})

describe('MTLS-12 the authorities of clients', () => {
  const trusting = (...trusted_cas: readonly string[]): readonly string[] =>
    problems({ ...LEAST, mtls: { ...MTLS, trusted_cas } })

  test('MTLS-12 are read from files, one certificate each, each once', () => {
    write('bundle.pem', `a comment\n${AUTHORITY}\n${AUTHORITY}`)
    const config = load({ ...LEAST, mtls: { ...MTLS, trusted_cas: ['bundle.pem'] } })
    assert.equal(config.mtls?.trustedCas.length, 1)
    assert.equal(config.mtls.trustedCas[0]?.trim(), AUTHORITY.trim())
    assert.deepEqual(config.services[0]?.service.mtls?.trustedAuthorities, config.mtls.trustedCas)
  })

  test('MTLS-12 are authorities: nobody is trusted because a wrong file was named', () => {
    assert.match(
      trusting('server.pem')[0] ?? '',
      /^mtls\.trusted_cas: server\.pem holds a certificate .*: "CN=localhost" is no authority/,
    )
    write('mixed.pem', `${AUTHORITY}\n${CREDENTIAL.certificate}`)
    assert.match(trusting('mixed.pem')[0] ?? '', /^mtls\.trusted_cas: mixed\.pem holds .* no auth/)
  })

  test('MTLS-12 that cannot be read are all named', () => {
    write('empty.pem', '')
    write('cut.pem', AUTHORITY.slice(0, 200))
    write('broken.pem', AUTHORITY.replace(/M/, 'A'))
    const found = trusting('empty.pem', 'clients-ca.pem', 'cut.pem', 'broken.pem', 'none.pem')
    assert.deepEqual(
      found.map((line) => /(\w+\.pem) (.*?)(?: \(|$)/.exec(line)?.slice(1)),
      [
        ['empty.pem', 'holds no PEM certificate'],
        ['cut.pem', 'holds no PEM certificate'],
        ['broken.pem', 'holds a certificate that cannot be used: not a certificate in DER'],
        ['none.pem', 'cannot be read'],
      ],
    )
  })

  test('MTLS-12 are not those of the system: without any, tls_client_auth is not offered', () => {
    const own = client({
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_san_dns: 'client.example',
    })
    const { trusted_cas: _cas, ...without } = MTLS
    assert.match(
      problems({ ...LEAST, mtls: without, clients: [own] })[0] ?? '',
      /^clients: app: .*\(MTLS-12\)/,
    )
  })
})

describe('MTLS-09 proxies', () => {
  test('MTLS-09 are listed one by one or by network, and cannot be everybody', () => {
    assert.deepEqual(load({ ...LEAST, mtls: MTLS, proxies: PROXIES }).proxies, {
      trusted: PROXIES.trusted,
      clientCertificateHeader: 'rfc9440',
    })
    for (const trusted of [['0.0.0.0/0'], ['10.0.0.0/8', '::/0'], ['localhost'], []]) {
      const [problem = ''] = problems({ ...LEAST, proxies: { trusted } })
      assert.match(problem, /^proxies\.trusted/, String(trusted))
    }
    assert.match(
      problems({ ...LEAST, mtls: MTLS, proxies: { client_certificate_header: 'xfcc' } })[0] ?? '',
      /^proxies\.trusted: /,
    )
  })

  test('MTLS-09 tell certificates in one format that is known', () => {
    for (const client_certificate_header of ['x-client-cert', ['rfc9440', 'xfcc'], '']) {
      const proxies = { ...PROXIES, client_certificate_header }
      const [problem = ''] = problems({ ...LEAST, mtls: MTLS, proxies })
      assert.match(problem, /^proxies\.client_certificate_header: /)
    }
    assert.deepEqual(problems({ ...LEAST, proxies: PROXIES }), [
      'proxies.client_certificate_header: concerns the listener mtls, and there is none',
    ])
  })
})

describe('what is on', () => {
  const FULL = {
    ...LEAST,
    profile: 'fapi2-message-signing',
    request_object_encryption: ['ECDH-ES', 'RSA-OAEP-256', 'ECDH-ES'],
    mtls: { ...MTLS, trusted_cas: [] },
    proxies: PROXIES,
  }

  test('is printed as a file with the same effect', () => {
    const { listen: _listen, ...rest } = FULL.mtls
    const config = load({ ...FULL, mtls: { ...rest, listen: { port: 9444 } } })
    assert.deepEqual(load(printConfig(config)), config)
  })

  test('is printed for several services as a file with the same effect', () => {
    const services = [
      { issuer: 'https://a.example', profile: 'fapi2-message-signing' },
      { issuer: 'https://b.example', mtls_origin: 'https://mtls.b.example' },
    ]
    const mtls = { origin: 'https://mtls.a.example', listen: { port: 9444 } }
    const config = load({ ...SEVERAL, services, mtls, proxies: PROXIES })
    assert.deepEqual(load(printConfig(config)), config)
  })

  test('is said of a profile, and an authority is named', () => {
    const printed = printConfig(load({ ...FULL, mtls: MTLS }))
    assert.match(
      printed,
      /^profile: fapi2-message-signing # signed requests only; responses as jwt, query\.jwt, form_post\.jwt$/m,
    )
    assert.match(
      printConfig(load(LEAST)),
      /^profile: fapi2-security # requests signed or not; responses as query, form_post, jwt, /m,
    )
    const read: unknown = parse(printed)
    assert.partialDeepStrictEqual(read, {
      profile: 'fapi2-message-signing',
      request_object_encryption: ['ECDH-ES', 'RSA-OAEP-256'],
      proxies: PROXIES,
    })
    assert.match(printed, /trusted_cas:\n {4}- .*, until /)
    assert.doesNotMatch(printed, /PRIVATE|BEGIN/)
  })

  test('comes from the environment as well', () => {
    const config = load(
      { ...LEAST, mtls: { listen: MTLS.listen }, proxies: { trusted: ['::1'] } },
      {
        SIGNET_PROFILE: 'fapi2-message-signing',
        SIGNET_MTLS_ORIGIN: 'https://env.example',
        SIGNET_MTLS_LISTEN_PORT: '1234',
        SIGNET_PROXIES_CLIENT_CERTIFICATE_HEADER: 'x-ssl-cert',
      },
    )
    assert.equal(config.services[0]?.service.mtls?.endpoints.token, 'https://env.example/token')
    assert.equal(config.services[0].service.requireSignedRequests, true)
    assert.equal(config.mtls?.listen.port, 1234)
    assert.equal(config.proxies.clientCertificateHeader, 'x-ssl-cert')
  })
})

describe('MS-JAR-01 a profile', () => {
  const service = (change: object) => load({ ...LEAST, ...change }).services[0]?.service

  test('fapi2-security is the default: requests and responses may be signed', () => {
    const { requireSignedRequests, responseModes, requestObjectEncryption } = service({}) ?? {}
    assert.equal(requireSignedRequests, false)
    assert.deepEqual(responseModes, ['query', 'form_post', 'jwt', 'query.jwt', 'form_post.jwt'])
    assert.deepEqual(requestObjectEncryption, [])
  })

  test('MS-JAR-01 fapi2-message-signing takes signed requests only, and signs every response', () => {
    const { requireSignedRequests, responseModes } =
      service({ profile: 'fapi2-message-signing' }) ?? {}
    assert.equal(requireSignedRequests, true)
    assert.deepEqual(responseModes, ['jwt', 'query.jwt', 'form_post.jwt'])
  })

  test('SP-CR-02 RSA1_5 and symmetric keys are no ways to encrypt', () => {
    for (const name of ['RSA1_5', 'RSA-OAEP', 'dir', 'A128KW', 'PBES2-HS256+A128KW']) {
      const [problem = ''] = problems({ ...LEAST, request_object_encryption: [name] })
      assert.match(problem, /^request_object_encryption\.0: /, name)
    }
  })

  test('is a word of one client as well', () => {
    assert.deepEqual(
      problems({ ...LEAST, clients: [client({ profile: 'fapi2-message-signing' })] }),
      [],
    )
    assert.match(
      problems({ ...LEAST, clients: [client({ profile: 'fapi1' })] })[0] ?? '',
      /^clients\.0\.profile: /,
    )
  })
})
