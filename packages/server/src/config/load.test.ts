import { generateSigningKey } from '@signet/protocol'
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { loadConfig } from './load.ts'
import { InvalidConfig } from './problems.ts'
import { AUTHORITY, client, createFolder, CREDENTIAL, LEAST } from './testing/folder.ts'

const { load, problems, write, path } = createFolder()

describe('a configuration file', () => {
  test('needs an issuer, a port and a database; everything else has a default', () => {
    const config = load(LEAST)
    assert.deepEqual(config.listen, { host: '127.0.0.1', port: 9443 })
    assert.equal(config.management, undefined)
    const [{ service } = assert.fail(), ...more] = config.services
    assert.deepEqual(more, [])
    assert.deepEqual(service.lifetimes, {
      pushedRequest: 90,
      interaction: 600,
      code: 60,
      accessToken: 300,
      refreshToken: 2_592_000,
      idToken: 600,
      session: 28_800,
    })
    assert.equal(service.dpop.nonce, 'off')
    assert.deepEqual(service.statusList, { enabled: true, ttl: 3 })
    assert.equal(service.defaultResource, 'https://as.example')
    assert.deepEqual(service.signingAlgorithms, ['ES256', 'PS256', 'EdDSA'])
  })

  test('names paths relative to itself', () => {
    const tls = { certificate: 'server.pem', key: './server-key.pem' }
    const config = load({ ...LEAST, listen: { port: 1, tls } })
    assert.deepEqual(config.store, { sqlite: join(path, 'data', 'signet.db') })
    assert.deepEqual(config.listen.tls, CREDENTIAL)
  })

  for (const indent of [undefined, 2, '\t']) {
    test(`may be JSON, indented by ${JSON.stringify(indent)}`, () => {
      const json = JSON.stringify({ ...LEAST, clients: [client()] }, undefined, indent)
      assert.equal(load(json).services[0]?.clients.length, 1)
      assert.ok(load(`\uFEFF${json}`))
    })
  }

  test('reads off as a word, as YAML 1.2 has it', () => {
    const text =
      'issuer: https://a.example\nlisten: {port: 1}\nstore: {sqlite: x}\ndpop: {nonce: off}\n'
    assert.equal(load(text).services[0]?.service.dpop.nonce, 'off')
  })

  test('may give one issuer or several, never both', () => {
    const { issuer, ...rest } = LEAST
    const services = [
      { issuer },
      { issuer: 'https://as.example/bank', dpop: { nonce: 'required' } },
    ]
    assert.deepEqual(
      load({ ...rest, services }).services.map(({ service }) => service.endpoints.token),
      ['https://as.example/token', 'https://as.example/bank/token'],
    )
    assert.deepEqual(problems({ ...LEAST, services, clients: [] }), [
      'issuer: belongs into an entry of services when there are services',
      'clients: belongs into an entry of services when there are services',
    ])
    assert.deepEqual(problems(rest), ['issuer: required (or services, for several)'])
  })

  test('may not declare an issuer, a client or a user twice', () => {
    const { issuer: _, ...rest } = LEAST
    const services = [{ issuer: 'https://a.example' }, { issuer: 'https://a.example/' }]
    assert.deepEqual(problems({ ...rest, services }), [
      'services: https://a.example is declared twice',
    ])
    const user = { username: 'alice', password_hash: HASH }
    assert.deepEqual(problems({ ...LEAST, clients: [client(), client()], users: [user, user] }), [
      'clients: app is declared twice',
      'users: alice is declared twice',
    ])
  })
})

const HASH = `$argon2id$v=19$m=65536,t=3,p=1$${'c'.repeat(22)}$${'h'.repeat(43)}`

describe('an unknown key is a problem, with a suggestion', () => {
  const { issuer: _issuer, ...rest } = LEAST
  const cases: Readonly<Record<string, readonly [object, string]>> = {
    'at the top': [{ ...LEAST, isuer: 'x' }, 'isuer: unknown key; did you mean issuer?'],
    'in a group': [
      { ...LEAST, listen: { port: 1, prot: 2 } },
      'listen.prot: unknown key; did you mean port?',
    ],
    'in lifetimes': [
      { ...LEAST, lifetimes: { acces_token: 300 } },
      'lifetimes.acces_token: unknown key; did you mean access_token?',
    ],
    'in TLS': [
      { ...LEAST, listen: { port: 1, tls: { certificate: 'a', key: 'b', cert: 'c' } } },
      'listen.tls.cert: unknown key',
    ],
    'in a client': [
      { ...LEAST, clients: [client({ redirect_uri: 'x' })] },
      'clients.0.redirect_uri: unknown key; did you mean redirect_uris?',
    ],
    'in a scope': [
      { ...LEAST, scopes: { accounts: { descripton: { en: 'x' }, description: { en: 'x' } } } },
      'scopes.accounts.descripton: unknown key; did you mean description?',
    ],
    'in a resource': [
      { ...LEAST, resources: [{ resource: 'https://a.example', scope: [] }] },
      'resources.0.scope: unknown key; did you mean scopes?',
    ],
    'in a service': [
      {
        ...rest,
        services: [
          { issuer: 'https://a.example' },
          { issuer: 'https://b.example', lifetimes: { cod: 1 } },
        ],
      },
      'services.1.lifetimes.cod: unknown key; did you mean code?',
    ],
    'in a client of a service': [
      { ...rest, services: [{ issuer: 'https://a.example', clients: [client({ scopes: 'x' })] }] },
      'services.0.clients.0.scopes: unknown key; did you mean scope?',
    ],
    'without one that is like it': [{ ...LEAST, kubernetes: 1 }, 'kubernetes: unknown key'],
    'that every object has': [
      { ...LEAST, constructor: 1, toString: 1 },
      'constructor: unknown key',
    ],
  }
  for (const [title, [content, problem]] of Object.entries(cases)) {
    test(title, () => {
      const found = problems(content)
      assert.ok(
        found.some((line) => line.startsWith(problem)),
        found.join('\n'),
      )
    })
  }

  test('the prototype of an object is a key like others', () => {
    const text = 'issuer: https://a.example\nlisten: {port: 1}\nstore: {sqlite: x}\n'
    assert.deepEqual(problems(`${text}__proto__: { name: x }\n`), ['__proto__: unknown key'])
    const scoped = `${text}scopes: { __proto__: { description: { en: x } } }\n`
    const own = Object.keys(load(scoped).services[0]?.service.scopes ?? {})
    assert.ok(own.every((name) => name === '__proto__'))
    assert.equal(Reflect.get({}, 'description'), undefined)
  })
})

describe('a file that cannot be read is a problem, not an exception', () => {
  const files: Readonly<Record<string, readonly [content: string, problem: RegExp]>> = {
    'an empty file': ['', /^listen: required$/],
    'binary data': ['\u0000\u0001garbage', /^the file: /],
    XML: ['<config/>', /^the file: /],
    'a list': ['- a\n- b\n', /^the file: /],
    'broken JSON': ['{"issuer": "https://a.example",', /line 1/],
    'a key that occurs twice': ['issuer: https://a.example\nissuer: https://b.example\n', /unique/],
    'a nested key that occurs twice': ['listen:\n  port: 1\n  port: 2\n', /unique.*line 3/],
    'a tab as indentation': ['listen:\n\tport: 1\n', /line 2/],
    'two documents': ['a: 1\n---\nb: 2\n', /multiple documents/],
    'an alias of nothing': ['issuer: *nobody\n', /alias/],
    'aliases that unfold without end': [
      'a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c]\n',
      /alias/,
    ],
  }
  for (const [title, [content, problem]] of Object.entries(files)) {
    test(title, () => {
      const found = problems(content)
      assert.ok(
        found.some((line) => problem.test(line)),
        found.join('\n'),
      )
      assert.ok(found.every((line) => !line.includes('\n')))
    })
  }

  const secrets = ['- a\nb: s3cret', 'a: *s3cret', 'a: "b" "s3cret"', 'a: @s3cret', 'a: "s3cret']
  for (const content of secrets) {
    test(`nothing of it is told: ${JSON.stringify(content)}`, () => {
      assert.doesNotMatch(problems(content).join('\n'), /s3cret/)
    })
  }

  test('no file', () => {
    assert.throws(
      () => loadConfig(join(path, 'none.yaml'), {}),
      (error) => error instanceof InvalidConfig && /ENOENT/.test(error.message),
    )
    assert.throws(() => loadConfig(path, {}), /EISDIR/)
  })
})

describe('listening', () => {
  const tls = { certificate: 'server.pem', key: 'server-key.pem' }

  for (const host of ['0.0.0.0', '::', '192.168.0.1', 'as.example', '', '127.0.0.1.example']) {
    test(`SP-NET-01 needs TLS on ${JSON.stringify(host)}`, () => {
      const [problem = ''] = problems({ ...LEAST, listen: { host, port: 1 } })
      assert.match(problem, /^listen\.tls: required .*SP-NET-01/)
      assert.deepEqual(problems({ ...LEAST, listen: { host, port: 1, tls } }), [])
    })
  }
  for (const host of ['127.0.0.1', '::1', 'localhost']) {
    test(`SP-NET-01 may go without TLS on ${host}, behind something that has it`, () => {
      assert.deepEqual(problems({ ...LEAST, listen: { host, port: 1 } }), [])
    })
  }

  test('needs certificate and key that are there and belong together', () => {
    const listening = (change: object): readonly string[] =>
      problems({ ...LEAST, listen: { port: 1, tls: { ...tls, ...change } } })
    write('other-key.pem', generatePrivatePem())
    write('empty.pem', '')
    assert.match(listening({ key: 'none.pem' })[0] ?? '', /^listen\.tls\.key: .*none\.pem.*ENOENT/)
    assert.match(listening({ certificate: 'empty.pem' })[0] ?? '', /^listen\.tls\.certificate: /)
    assert.match(listening({ key: 'server.pem' })[0] ?? '', /^listen\.tls\.key: holds no/)
    assert.match(listening({ key: 'other-key.pem' })[0] ?? '', /^listen\.tls\.key: is not the key/)
    assert.deepEqual(problems({ ...LEAST, listen: { port: 1, tls: { key: 'a' } } }), [
      'listen.tls.certificate: required',
    ])
  })

  test('SP-SEC-05 takes a key with lines before it for no file name, and tells nothing of it', () => {
    const { certificate, key } = CREDENTIAL
    const listening = (given: string): object => ({
      ...LEAST,
      listen: { port: 1, tls: { certificate, key: given } },
    })
    for (const before of ['\n', 'Bag Attributes\n    localKeyID: 01\n', '# mine\n']) {
      assert.equal(load(listening(before + key)).listen.tls?.key, before + key)
      assert.deepEqual(problems(listening(before + key.slice(0, 90))), [
        'listen.tls.key: holds no PEM private key without passphrase',
      ])
    }
    const [, ...bare] = key.split('\n')
    assert.deepEqual(problems(listening(bare.join('\n'))), [
      'listen.tls.key: is not the name of a file',
    ])
  })

  test('reads the certificates of authorities for its own requests', () => {
    write('ca.pem', AUTHORITY)
    assert.deepEqual(load({ ...LEAST, outgoing: { trusted_cas: ['ca.pem'] } }).outgoing, {
      allowPrivateHosts: [],
      trustedCas: [AUTHORITY],
    })
    const [problem = ''] = problems({ ...LEAST, outgoing: { trusted_cas: ['none.pem'] } })
    assert.match(problem, /^outgoing\.trusted_cas: .*ENOENT/)
  })
})

describe('SP-PROF-01', () => {
  const loose: Readonly<Record<string, object>> = {
    'lifetimes.pushed_request': { lifetimes: { pushed_request: 600 } },
    'lifetimes.code': { lifetimes: { code: 61 } },
    'lifetimes.access_token': { lifetimes: { access_token: 3_601 } },
    'lifetimes.refresh_token': { lifetimes: { refresh_token: 10 ** 9 } },
    'lifetimes.id_token': { lifetimes: { id_token: 10 ** 6 } },
    'lifetimes.interaction': { lifetimes: { interaction: 3_601 } },
    'lifetimes.session': { lifetimes: { session: 10 ** 9 } },
    issuer: { issuer: 'http://as.example', default_resource: 'http://as.example' },
    scopes: { scopes: { openid: { description: { en: 'x' } } } },
    resources: { resources: [{ resource: 'api' }] },
    default_resource: { default_resource: 'https://elsewhere.example' },
  }
  for (const [setting, change] of Object.entries(loose)) {
    test(`SP-PROF-01 ${setting} is named when it goes over its limit`, () => {
      const found = problems({ ...LEAST, ...change })
      assert.equal(found.length, 1, found.join('\n'))
      assert.match(found[0] ?? '', new RegExp(`^${setting}: .*\\([A-Z0-9-]+\\); found`))
    })
  }

  test('SP-PROF-01 no switch loosens the profile: others and RS256 are no values', () => {
    assert.match(problems({ ...LEAST, profile: 'oauth2' })[0] ?? '', /^profile: /)
    assert.match(problems({ ...LEAST, signing_algorithms: ['RS256'] })[0] ?? '', /^signing_alg/)
    assert.match(problems({ ...LEAST, dpop: { nonce: 'optional' } })[0] ?? '', /^dpop\.nonce: /)
    assert.match(problems({ ...LEAST, lifetimes: { code: 0.5 } })[0] ?? '', /^lifetimes\.code: /)
  })

  test('SP-PROF-01 all problems are told at once, each with its issuer when there are several', () => {
    const { issuer: _, ...rest } = LEAST
    const found = problems({
      ...rest,
      listen: { host: '0.0.0.0', port: 1 },
      services: [
        { issuer: 'https://a.example', lifetimes: { code: 90 } },
        { issuer: 'https://b.example', clients: [client({ scope: 'admin' })] },
      ],
    })
    assert.equal(found.length, 3)
    assert.match(found[0] ?? '', /^https:\/\/a\.example: lifetimes\.code: /)
    assert.match(found[1] ?? '', /^https:\/\/b\.example: clients: app: .*SP-AS-14/)
    assert.match(found[2] ?? '', /^listen\.tls: /)
  })
})

describe('a client or user that cannot be', () => {
  test('is named, with every reason', () => {
    const clients = [
      client(),
      client({ client_id: 'web', token_endpoint_auth_method: 'none', scope: 'admin' }),
      client({ client_id: 'spa', redirect_uris: ['http://spa.example'] }),
    ]
    const found = problems({ ...LEAST, clients })
    assert.deepEqual(
      found.map((line) => /^clients: (\w+): .*\((SP-[A-Z]+-\d+)\)/.exec(line)?.slice(1)),
      [
        ['web', 'SP-AS-03'],
        ['web', 'SP-AS-14'],
        ['spa', 'SP-AZ-08'],
      ],
    )
  })

  test('is told without its secrets', () => {
    const secret = generateSigningKey('ES256').privateKey.export({ format: 'jwk' })
    const found = problems({
      ...LEAST,
      clients: [client({ jwks: { keys: [secret] } })],
      users: [{ username: 'alice', password_hash: '$argon2id$s3cret' }],
    })
    assert.equal(found.length, 2)
    assert.match(found[1] ?? '', /^users: alice: a password_hash must be/)
    assert.ok(!found.join().includes(secret.d ?? 'none'))
    assert.ok(!found.join().includes('s3cret'))
    const plain = { ...LEAST, users: [{ username: 'alice', password_hash: 'wonderland' }] }
    assert.deepEqual(problems(plain), [
      'users.0.password_hash: must be a PHC string of Argon2id (signet user hash makes one)',
    ])
  })
})

function generatePrivatePem(): string {
  const { privateKey } = generateSigningKey('ES256')
  return privateKey.export({ format: 'pem', type: 'pkcs8' })
}
