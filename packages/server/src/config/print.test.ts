import { generateSigningKey } from '@signet/protocol'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse, stringify } from 'yaml'
import type { Config } from './config.ts'
import { printConfig } from './print.ts'
import { client, createFolder, CREDENTIAL, LEAST } from './testing/folder.ts'

const { load } = createFolder()

const HASH = `$argon2id$v=19$m=65536,t=3,p=1$${'c'.repeat(22)}$${'h'.repeat(43)}`
const FULL = {
  ...LEAST,
  name: 'Bank',
  lifetimes: { access_token: 120 },
  dpop: { nonce: 'required' },
  status_list: { enabled: false, ttl: 10 },
  clients: [client()],
  scopes: { accounts: { description: { en: 'See your accounts', de: 'Ihre Konten sehen' } } },
  resources: [{ resource: 'https://api.example', scopes: ['accounts'] }],
  management: { port: 9400 },
  audit: { unauthenticated: 500 },
  outgoing: { allow_private_hosts: ['10.0.0.1'] },
}

test('what is printed is a configuration file with the same effect', () => {
  const config = load(FULL)
  assert.deepEqual(load(printConfig(config)), config)
  assert.deepEqual(config.audit, { retention: 2_592_000, unauthenticated: 500 })
  assert.equal(load(LEAST).audit.unauthenticated, 100_000)
})

test('what is printed for several services is a configuration file with the same effect', () => {
  const { issuer: _, ...rest } = LEAST
  const services = [
    { issuer: 'https://a.example', clients: [client()] },
    { issuer: 'https://b.example/bank', clients: [client()], lifetimes: { code: 30 } },
  ]
  const config = load({ ...rest, services })
  assert.deepEqual(load(printConfig(config)), config)
})

test('what is printed has the names of the file, the defaults and the environment', () => {
  const printed = printConfig(load(LEAST, { SIGNET_LIFETIMES_CODE: '30' }))
  assert.match(printed, /^issuer: https:\/\/as\.example$/m)
  assert.match(printed, /^ {2}pushed_request: 90$/m)
  assert.match(printed, /^ {2}code: 30$/m)
  assert.match(printed, /^ {2}nonce: off$/m)
  assert.doesNotMatch(printed, /undefined|null|[&*]a1/)
})

test('no secret is printed, and a certificate is named', () => {
  const tls = { certificate: 'server.pem', key: 'server-key.pem' }
  const printed = printConfig(
    load({
      ...FULL,
      listen: { port: 1, tls },
      users: [{ username: 'alice', password_hash: HASH, claims: { name: 'Alice' } }],
    }),
  )
  assert.doesNotMatch(printed, /PRIVATE|argon2/)
  for (const line of CREDENTIAL.key.split('\n').filter((text) => text.length > 10)) {
    assert.ok(!printed.includes(line))
  }
  const read: unknown = parse(printed)
  assert.match(stringify(read), /certificate: CN=localhost, until/)
  assert.match(printed, /password_hash: "\[redacted\]"/)
  assert.match(printed, /username: alice/)
})

test('no member of a private key is printed, wherever it stands', () => {
  const config = load(FULL)
  const [first = assert.fail()] = config.services
  for (const algorithm of ['ES256', 'PS256', 'EdDSA'] as const) {
    const jwk = generateSigningKey(algorithm).privateKey.export({ format: 'jwk' })
    const jwks = { keys: [{ ...jwk, oth: [{ r: 's3cret' }] }] }
    const leaking: Config = {
      ...config,
      services: [{ ...first, clients: [{ client_id: 'app', jwks }] }],
    }
    const printed = printConfig(leaking)
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi'] as const) {
      const value = jwk[member]
      if (value !== undefined) assert.ok(!printed.includes(value), member)
    }
    assert.doesNotMatch(printed, /s3cret/)
  }
})
