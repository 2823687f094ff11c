import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, test } from 'node:test'
import { Refused } from '../rules/refusal.ts'
import {
  CERTIFICATE_HEADER_FORMATS,
  type CertificateHeaderFormat,
} from './certificate-header-formats.ts'
import { certificateHeaderNames, readCertificateHeader } from './certificate-header.ts'
import { issue, type Issued } from './testing/certificates.ts'

const root = await issue({ subject: 'CN=root' })
const leaf = await issue({ issuer: root })

const base64 = ({ der }: Issued): string => Buffer.from(der).toString('base64')
const bytes = (issued: Issued): string => `:${base64(issued)}:`
const escaped = (...certificates: readonly Issued[]): string =>
  encodeURIComponent(certificates.map(({ pem }) => `${pem}\n`).join(''))
const spaced = ({ pem }: Issued, space = ' '): string => pem.replaceAll('\n', space)

type Fields = readonly (readonly [name: string, value: string])[]

const read = (format: CertificateHeaderFormat, fields: Fields): readonly string[] =>
  readCertificateHeader(['Host', 'as.example', ...fields.flat(), 'Accept', '*/*'], format).map(
    (der) => Buffer.from(der).toString('base64'),
  )

const gives = (format: CertificateHeaderFormat, fields: Fields, chain: readonly Issued[]): void => {
  assert.deepEqual(read(format, fields), chain.map(base64))
}

function refuses(format: CertificateHeaderFormat, fields: Fields, reason: string): void {
  assert.throws(
    () => read(format, fields),
    (error) => {
      assert.ok(error instanceof Refused, String(error))
      assert.equal(error.refusal.error, 'invalid_request')
      assert.equal(error.evidence.id, 'MTLS-09')
      assert.equal(error.evidence.reason, reason)
      assert.ok(JSON.stringify(error.evidence).length < 1000)
      return true
    },
  )
}
const UNREADABLE = 'certificate_header_unreadable'
const MIXED = 'certificate_formats_mixed'

const good: Readonly<Record<CertificateHeaderFormat, readonly [name: string, value: string]>> = {
  rfc9440: ['Client-Cert', bytes(leaf)],
  'nginx-escaped-pem': ['X-SSL-Client-Cert', escaped(leaf)],
  xfcc: ['X-Forwarded-Client-Cert', `Cert="${escaped(leaf)}"`],
  'x-ssl-cert': ['X-SSL-Cert', base64(leaf)],
}

for (const format of CERTIFICATE_HEADER_FORMATS) {
  const [name, value] = good[format]
  const others = CERTIFICATE_HEADER_FORMATS.filter((other) => other !== format)

  describe(`MTLS-09 ${format}`, () => {
    test('the certificate is read, whatever the case of the name', () => {
      gives(format, [[name, value]], [leaf])
      gives(format, [[name.toLowerCase(), value]], [leaf])
      gives(format, [[name.toUpperCase(), value]], [leaf])
    })
    test('without header, or with an empty one, there is no certificate', () => {
      gives(format, [], [])
      gives(format, [[name, '']], [])
      gives(format, [[name, '(null)']], [])
    })
    test('a header that comes twice is refused, were it empty once', () => {
      for (const pair of [
        [value, value],
        [value, ''],
        ['', value],
        ['', ''],
      ]) {
        refuses(
          format,
          pair.map((each) => [name, each] as const),
          UNREADABLE,
        )
      }
      refuses(
        format,
        [
          [name, value],
          [name.toLowerCase(), value],
        ],
        UNREADABLE,
      )
    })
    test('two in one header are refused', () => {
      refuses(format, [[name, `${value}, ${value}`]], UNREADABLE)
      refuses(format, [[name, `${value},${value}`]], UNREADABLE)
    })
    test('two formats at once are refused', () => {
      for (const other of others) {
        refuses(format, [[name, value], good[other]], MIXED)
        refuses(format, [good[other], [name, 'garbage']], MIXED)
      }
    })
    test('an empty header of another format is none', () => {
      for (const other of others)
        gives(
          format,
          [
            [name, value],
            [good[other][0], ''],
          ],
          [leaf],
        )
    })
    test('a header of another format alone has no effect', () => {
      for (const other of others) gives(format, [good[other]], [])
    })
    test('what is written in another format is refused', () => {
      for (const other of others) refuses(format, [[name, good[other][1]]], UNREADABLE)
    })
    test('garbage is refused', () => {
      for (const garbage of [
        ' ',
        '-',
        ':',
        '::',
        ':?:',
        '?1',
        '""',
        ';',
        ',',
        '=',
        '%',
        '%zz',
        'null',
        'Cert=',
        'Cert=""',
        '-----BEGIN CERTIFICATE-----',
        '-----BEGIN CERTIFICATE----- -----END CERTIFICATE-----',
        encodeURIComponent('-----BEGIN CERTIFICATE-----\n=\n-----END CERTIFICATE-----'),
        '\0',
        value.slice(0, -9),
        `${value}x`,
        `x${value}`,
      ]) {
        refuses(format, [[name, garbage]], UNREADABLE)
      }
    })
    test('MTLS-12 megabytes are refused at once', () => {
      for (const flood of [
        'a',
        ' ',
        ':',
        '%41',
        '"',
        'Cert=;',
        '-----BEGIN CERTIFICATE-----',
        '\\',
      ]) {
        for (const start of ['', value.slice(0, 40)]) {
          const started = process.cpuUsage()
          refuses(format, [[name, start + flood.repeat(1_000_000 / flood.length)]], UNREADABLE)
          refuses(format, [[name, start + flood.repeat(130_000 / flood.length)]], UNREADABLE)
          assert.ok(process.cpuUsage(started).user < 500_000, flood)
        }
      }
    })
  })
}

test('MTLS-09 the names to take from what strangers send are those of all formats', () => {
  assert.deepEqual(certificateHeaderNames, [
    'client-cert',
    'client-cert-chain',
    'x-ssl-client-cert',
    'x-forwarded-client-cert',
    'x-ssl-cert',
  ])
})

test('MTLS-09 RFC 9440: the chain follows the certificate, and never comes alone', () => {
  const own = ['Client-Cert', bytes(leaf)] as const
  gives('rfc9440', [own, ['Client-Cert-Chain', bytes(root)]], [leaf, root])
  gives(
    'rfc9440',
    [['Client-Cert-Chain', `${bytes(root)}, ${bytes(root)}`], own],
    [leaf, root, root],
  )
  gives('rfc9440', [own, ['Client-Cert-Chain', '']], [leaf])
  gives('rfc9440', [['Client-Cert', ` ${bytes(leaf)};more=1 `]], [leaf])
  for (const fields of [
    [['Client-Cert-Chain', bytes(root)]],
    [
      ['Client-Cert', ''],
      ['Client-Cert-Chain', bytes(root)],
    ],
    [own, ['Client-Cert-Chain', bytes(root)], ['Client-Cert-Chain', bytes(root)]],
    [own, ['Client-Cert-Chain', `(${bytes(root)})`]],
    [own, ['Client-Cert-Chain', `${bytes(root)}, "text"`]],
    [own, ['Client-Cert-Chain', `a=${bytes(root)}`]],
    [['Client-Cert', '"text"']],
    [['Client-Cert', 'token']],
    [['Client-Cert', '1']],
    [['Client-Cert', `:${Buffer.from(leaf.der).toString('base64url')}_:`]],
  ] as const) {
    refuses('rfc9440', fields, UNREADABLE)
  }
})

test('MTLS-09 RFC 9440: the example of the specification is read', () => {
  // RFC 9440 §A
  const example =
    ':MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVkaWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk=:'
  const [der] = readCertificateHeader(['Client-Cert', example], 'rfc9440')
  assert.equal(der && Buffer.from(der).toString('base64'), example.slice(1, -1))
})

test('MTLS-09 nginx: one certificate, escaped', () => {
  refuses('nginx-escaped-pem', [['X-SSL-Client-Cert', escaped(leaf, root)]], UNREADABLE)
  refuses('nginx-escaped-pem', [['X-SSL-Client-Cert', escaped(leaf).slice(3)]], UNREADABLE)
  gives('nginx-escaped-pem', [['X-SSL-Client-Cert', escaped(leaf).replaceAll('%20', ' ')]], [leaf])
})

test('MTLS-12 even a good certificate is refused in a header beyond all measure', () => {
  gives('x-ssl-cert', [['X-SSL-Cert', spaced(leaf) + ' '.repeat(100_000)]], [leaf])
  refuses('x-ssl-cert', [['X-SSL-Cert', spaced(leaf) + ' '.repeat(131_072)]], UNREADABLE)
})

test('MTLS-09 HAProxy and Apache: one certificate in base64, or PEM without line breaks', () => {
  for (const space of [' ', '\t', '\n', '\n\t', '  ']) {
    gives('x-ssl-cert', [['X-SSL-Cert', spaced(leaf, space)]], [leaf])
    gives('x-ssl-cert', [['X-SSL-Cert', `${spaced(leaf, space)}${space}`]], [leaf])
  }
  const pem = spaced(leaf)
  for (const value of [
    `${pem} ${spaced(root)}`,
    pem.replace('BEGIN CERTIFICATE', 'BEGIN PUBLIC KEY'),
    pem.replaceAll('CERTIFICATE', 'PRIVATE KEY'),
    pem.replace(' -----END', '!-----END'),
    // Some certificates need no padding.
    base64(leaf).replace(/(?:[^=]|=+)$/, ''),
    `${base64(leaf)}=`,
    Buffer.from(leaf.der).toString('base64url'),
    ` ${base64(leaf)}`,
    base64(leaf).slice(4),
    'null',
    'AAAA',
  ]) {
    refuses('x-ssl-cert', [['X-SSL-Cert', value]], UNREADABLE)
  }
})

test('MTLS-09 Envoy: one element, with Cert or Chain, in any case and order', () => {
  const name = 'X-Forwarded-Client-Cert'
  for (const element of [
    `Cert="${escaped(leaf)}"`,
    `cert=${escaped(leaf)}`,
    `By=spiffe://as.example/x;Hash=${'0a'.repeat(32)};URI=;CERT="${escaped(leaf)}";DNS=a;DNS=b`,
    `Subject="CN=\\"bank\\", O=a;Cert=x";Cert="${escaped(leaf)}"`,
    `Chain="${escaped(leaf)}"`,
  ]) {
    gives('xfcc', [[name, element]], [leaf])
  }
  gives('xfcc', [[name, `Chain="${escaped(leaf, root)}"`]], [leaf, root])
  gives('xfcc', [[name, `Cert="${escaped(leaf)}";Chain="${escaped(leaf, root)}"`]], [leaf, root])
  gives('xfcc', [[name, `Chain="${escaped(leaf, root)}";Cert="${escaped(leaf)}"`]], [leaf, root])
})

test('MTLS-09 Envoy: what leaves open which certificate is meant is refused', () => {
  const one = `Cert="${escaped(leaf)}"`
  for (const element of [
    `By=a,${one}`,
    `${one},By=a`,
    `${one},`,
    `,${one}`,
    `${one};${one}`,
    `${one};cert="${escaped(root)}"`,
    `Chain="${escaped(leaf)}";Chain="${escaped(leaf)}"`,
    `Cert="${escaped(root)}";Chain="${escaped(leaf, root)}"`,
    `Cert="${escaped(leaf, root)}"`,
    `Cert="";Chain="${escaped(leaf)}"`,
    `Cert=x;Chain="${escaped(leaf)}"`,
    `Hash=${'0a'.repeat(32)}`,
    'By=spiffe://as.example/x;Hash=00;Subject="CN=bank"',
    `Subject="Cert=${escaped(leaf)}"`,
    `Subject="CN=a\\";${one};x="`,
    `Cert="${escaped(leaf)}`,
    `Cert=${escaped(leaf)}"`,
    `Cert="${escaped(leaf)}"x`,
    `${one};`,
    `${one}; By=a`,
    `${one} `,
  ]) {
    refuses('xfcc', [['X-Forwarded-Client-Cert', element]], UNREADABLE)
  }
})
