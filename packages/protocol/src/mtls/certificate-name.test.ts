import assert from 'node:assert/strict'
import { test } from 'node:test'
import { certificateNameProblem, hasName, type CertificateNameField } from './certificate-name.ts'
import { readCertificate, type ClientCertificate } from './certificate.ts'
import { issue, named, type AlternativeName } from './testing/certificates.ts'

const FIELDS = [
  'tls_client_auth_subject_dn',
  'tls_client_auth_san_dns',
  'tls_client_auth_san_uri',
  'tls_client_auth_san_ip',
  'tls_client_auth_san_email',
] as const

const withNames = async (...names: readonly AlternativeName[]): Promise<ClientCertificate> =>
  readCertificate(
    (await issue({ subject: [{ CN: 'bank.example' }], extensions: [named(...names)] })).der,
  )

const bank = await withNames(
  { type: 'dns', value: 'API.Bank.example' },
  { type: 'dns', value: '*.wild.example' },
  { type: 'url', value: 'https://bank.example/App' },
  { type: 'ip', value: '192.0.2.1' },
  { type: 'ip', value: '2001:db8::1' },
  { type: 'email', value: 'Ops@Bank.example' },
)

const fits = (
  field: CertificateNameField,
  value: string,
  certificate: ClientCertificate = bank,
): boolean => hasName(certificate, { field, values: [value] })

test('MTLS-02 a DNS name fits in any case', () => {
  assert.ok(fits('tls_client_auth_san_dns', 'api.bank.example'))
  assert.ok(fits('tls_client_auth_san_dns', 'API.BANK.EXAMPLE'))
})

test('MTLS-02 no DNS name fits in part, by wildcard on either side, or from elsewhere in the certificate', () => {
  for (const value of [
    'bank.example', // its CN
    'example',
    'api.bank',
    'i.bank.example',
    'x.api.bank.example',
    'api.bank.example.',
    '.api.bank.example',
    '*.bank.example',
    '*.wild.example',
    'a.wild.example',
    '*',
    '192.0.2.1',
    'https://bank.example/App',
    'api.ban\u212A.example', // the Kelvin sign, in lower case a k
    ' api.bank.example',
    'api.bank.example\0',
    '',
  ]) {
    assert.ok(!fits('tls_client_auth_san_dns', value), value)
  }
})

test('MTLS-02 what stands before a NUL byte in a name is not the name', async () => {
  const evil = await withNames(
    { type: 'dns', value: 'bank.example\0.evil.example' },
    { type: 'url', value: 'https://bank.example\0.evil.example' },
    { type: 'email', value: 'ops@bank.example\0.evil.example' },
  )
  for (const value of [
    'bank.example',
    'bank.example.evil.example',
    'bank.example\0.evil.example',
  ]) {
    assert.ok(!fits('tls_client_auth_san_dns', value, evil), value)
    assert.ok(!fits('tls_client_auth_san_uri', `https://${value}`, evil), value)
    assert.ok(!fits('tls_client_auth_san_email', `ops@${value}`, evil), value)
  }
})

test('MTLS-02 a URI fits to the letter', () => {
  assert.ok(fits('tls_client_auth_san_uri', 'https://bank.example/App'))
  for (const value of [
    'https://bank.example/app',
    'HTTPS://bank.example/App',
    'https://BANK.example/App',
    'https://bank.example/App/',
    'https://bank.example',
    'https://bank.example:443/App',
    'https://bank.example/%41pp',
    'bank.example',
  ]) {
    assert.ok(!fits('tls_client_auth_san_uri', value), value)
  }
})

test('MTLS-02 an address fits in any spelling of the same bytes', async () => {
  for (const value of [
    '192.0.2.1',
    '2001:db8::1',
    '2001:DB8:0:0::1',
    '2001:0db8:0000:0000:0000:0000:0000:0001',
    '2001:db8::0.0.0.1',
  ]) {
    assert.ok(fits('tls_client_auth_san_ip', value), value)
  }
  const mapped = await withNames({ type: 'ip', value: '::ffff:c000:201' })
  assert.ok(fits('tls_client_auth_san_ip', '::ffff:192.0.2.1', mapped))
  assert.ok(!fits('tls_client_auth_san_ip', '192.0.2.1', mapped))
})

test('MTLS-02 no other address fits, and no other way to write one', () => {
  for (const value of [
    '::ffff:192.0.2.1',
    '192.0.2.2',
    '192.0.2.01',
    '192.0.2',
    '192.0.513',
    '3221225985',
    '0xc0.0.2.1',
    '192.0.2.1.',
    '192.0.2.1/32',
    '2001:db8::2',
    '2001:db8::1%eth0',
    '[2001:db8::1]',
    '2001:db8::1]/',
    '2001:db8::1]:443/x[',
    '2001:db8::1/128',
    '2001:db8:1',
    '::1::',
    '12001:db8::1',
    ' 192.0.2.1',
    'API.Bank.example',
  ]) {
    assert.ok(!fits('tls_client_auth_san_ip', value), value)
  }
})

test('MTLS-02 a network is no address', async () => {
  const network = await withNames({ type: 'ip', value: '192.0.2.0/24' })
  assert.deepEqual(network.names.ip, ['192.0.2.0/24'])
  for (const value of ['192.0.2.0/24', '192.0.2.0', '192.0.2.1']) {
    assert.ok(!fits('tls_client_auth_san_ip', value, network), value)
  }
})

test('MTLS-02 of an email address only the domain is the same in any case', () => {
  assert.ok(fits('tls_client_auth_san_email', 'Ops@bank.example'))
  assert.ok(fits('tls_client_auth_san_email', 'Ops@BANK.EXAMPLE'))
  for (const value of [
    'ops@bank.example',
    'Ops@bank',
    'Ops',
    '@bank.example',
    'xOps@bank.example',
  ]) {
    assert.ok(!fits('tls_client_auth_san_email', value), value)
  }
})

test('MTLS-02 the subject fits as a whole', () => {
  assert.ok(fits('tls_client_auth_subject_dn', 'cn=BANK.example'))
  assert.ok(!fits('tls_client_auth_subject_dn', 'CN=bank'))
  assert.ok(!fits('tls_client_auth_subject_dn', 'bank.example'))
})

test('MTLS-02 any of several registered names fits, and none where there is none', () => {
  const field = 'tls_client_auth_san_dns'
  assert.ok(hasName(bank, { field, values: ['old.bank.example', 'api.bank.example'] }))
  assert.ok(!hasName(bank, { field, values: ['old.bank.example', 'new.bank.example'] }))
  assert.ok(!hasName(bank, { field, values: [] }))
})

test('MTLS-02 a certificate without names has none that could fit', async () => {
  const bare = readCertificate((await issue({ subject: [] })).der)
  for (const field of FIELDS) {
    for (const value of ['', 'undefined', 'null']) assert.ok(!fits(field, value, bare), field)
  }
})

test('MTLS-02 says which names nobody can be known by', () => {
  const unusable = {
    tls_client_auth_subject_dn: ['', 'bank', 'FOO=bank'],
    tls_client_auth_san_dns: [
      '',
      '*.bank.example',
      'bank.example.',
      'bank..example',
      '-a.example',
      'a_b.example',
      '192.0.2.1',
      'https://bank.example',
      'bänk.example',
      `${'a'.repeat(64)}.example`,
      `${'a.'.repeat(127)}example`,
    ],
    tls_client_auth_san_uri: [
      '',
      'bank.example',
      '/app',
      '//bank.example',
      'https://',
      'https://bank example',
      'https://bänk.example',
      `https://bank.example/${'a'.repeat(2048)}`,
    ],
    tls_client_auth_san_ip: ['', 'bank.example', '192.0.2.256', '192.0.2.0/24', '::g'],
    tls_client_auth_san_email: [
      '',
      'ops',
      '@bank.example',
      'ops@',
      'o@p@bank.example',
      '"o ps"@bank.example',
      'ops@*.bank.example',
      'öps@bank.example',
    ],
  } satisfies Record<CertificateNameField, readonly string[]>
  for (const field of FIELDS) {
    for (const value of unusable[field]) {
      assert.match(
        certificateNameProblem(field, value) ?? 'none',
        /^must be (an?|the) /,
        `${field} ${value}`,
      )
    }
  }
  assert.match(certificateNameProblem('tls_client_auth_subject_dn', 'FOO=a') ?? '', /FOO/)
})

test('MTLS-02 says of usable names nothing', () => {
  const usable: readonly (readonly [CertificateNameField, string])[] = [
    ['tls_client_auth_subject_dn', 'CN=bank,C=DE'],
    ['tls_client_auth_san_dns', 'bank'],
    ['tls_client_auth_san_dns', '1.Bank.example'],
    ['tls_client_auth_san_dns', 'xn--bnk-qla.example'],
    ['tls_client_auth_san_uri', 'urn:example:bank'],
    ['tls_client_auth_san_uri', 'spiffe://bank.example/app'],
    ['tls_client_auth_san_ip', '::'],
    ['tls_client_auth_san_ip', '0.0.0.0'],
    ['tls_client_auth_san_email', "o'ps+tls@bank.example"],
  ]
  for (const [field, value] of usable) {
    assert.equal(certificateNameProblem(field, value), undefined, value)
  }
})
