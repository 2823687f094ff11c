import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { createHash, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { AsnConvert } from '@peculiar/asn1-schema'
import { Certificate, SubjectAlternativeName } from '@peculiar/asn1-x509'
import { importPublicJwk } from '../jose/keys.ts'
import { certificateThumbprint, readCertificate } from './certificate.ts'
import { describeName } from './distinguished-name.ts'
import {
  authority,
  ec,
  ED25519,
  extension,
  issue,
  jwkOf,
  named,
  NOW,
  purposes,
  rsa,
  SERVER_AUTH,
  usage,
} from './testing/certificates.ts'
import { UnusableCertificate } from './unusable-certificate.ts'

const certificate = await issue({
  subject: 'C=DE,O=Bank,CN=bank',
  extensions: [
    named(
      { type: 'dns', value: 'bank.example' },
      { type: 'url', value: 'https://bank.example/app' },
      { type: 'ip', value: '192.0.2.1' },
      { type: 'ip', value: '2001:db8::1' },
      { type: 'email', value: 'ops@bank.example' },
      { type: 'dn', value: 'CN=another' },
      { type: 'upn', value: 'bank@directory' },
      { type: 'id', value: '1.2.3' },
    ),
  ],
})

function refuses(der: Uint8Array, reason?: RegExp): void {
  assert.throws(
    () => readCertificate(der),
    (error) => {
      assert.ok(error instanceof UnusableCertificate, String(error))
      if (reason !== undefined) assert.match(error.message, reason)
      return true
    },
  )
}

test('MTLS-12 a certificate tells its names, its times and its key', async () => {
  const read = readCertificate(certificate.der)
  assert.equal(describeName(read.subject), 'CN=bank,O=Bank,C=DE')
  assert.equal(describeName(read.issuer), 'CN=bank,O=Bank,C=DE')
  assert.deepEqual(read.names, {
    dns: ['bank.example'],
    uri: ['https://bank.example/app'],
    ip: ['192.0.2.1', '2001:db8::1'],
    email: ['ops@bank.example'],
  })
  assert.equal(read.notBefore, NOW - 3600)
  assert.equal(read.notAfter, NOW + 86_400)
  assert.equal(read.keyThumbprint, importPublicJwk(await jwkOf(certificate)).thumbprint)
  assert.deepEqual(Buffer.from(read.der), Buffer.from(certificate.der))
})

test('MTLS-04 the thumbprint is that of the DER, in base64url without padding', () => {
  const expected = createHash('sha256').update(certificate.der).digest('base64url')
  assert.equal(readCertificate(certificate.der).thumbprint, expected)
  assert.equal(certificateThumbprint(certificate.der), expected)
  assert.match(expected, /^[\w-]{43}$/)
})

test('a certificate that was read is known by its bytes, and is safe from who changes them', () => {
  const bytes = Uint8Array.from(certificate.der)
  const read = readCertificate(bytes)
  assert.equal(readCertificate(certificate.der), read)
  bytes.fill(0)
  assert.equal(certificateThumbprint(read.der), read.thumbprint)
})

test('MTLS-12 times beyond 2049 are read', async () => {
  const { der } = await issue({ notBefore: 0, notAfter: 4_102_444_800 })
  assert.equal(readCertificate(der).notBefore, 0)
  assert.equal(readCertificate(der).notAfter, 4_102_444_800)
})

test('MTLS-12 refuses times that are no times, whatever date is made of them', async (t) => {
  for (const getter of ['validFromDate', 'validToDate'] as const) {
    t.mock.getter(X509Certificate.prototype, getter, () => new Date(NOW * 1000))
  }
  const { der } = await issue({ notBefore: 1_700_000_000, notAfter: 1_700_000_000 })
  const good = '231114221320Z'
  const text = Buffer.from(der).toString('latin1')
  for (const time of [
    '231399221320Z',
    '231114256060Z',
    '23111422132xZ',
    '231114221320+',
    '000000000000Z',
  ]) {
    for (const place of [text.indexOf(good), text.lastIndexOf(good)]) {
      const altered = text.slice(0, place) + time + text.slice(place + good.length)
      refuses(Buffer.from(altered, 'latin1'), /its times are no times/)
    }
  }
})

test('MTLS-03 RSA, P-256 and Ed25519 keys have a name, others have none', async () => {
  for (const algorithm of [rsa(), rsa(3072, 'SHA-1'), ec(), ED25519]) {
    const issued = await issue({ algorithm })
    const { keyThumbprint } = readCertificate(issued.der)
    assert.equal(keyThumbprint, importPublicJwk(await jwkOf(issued)).thumbprint)
  }
  for (const algorithm of [ec('P-384', 'SHA-384'), rsa(1024)]) {
    assert.equal(readCertificate((await issue({ algorithm })).der).keyThumbprint, undefined)
  }
})

test('MTLS-12 refuses what is no certificate, or not only one', () => {
  const { der, pem } = certificate
  refuses(new Uint8Array())
  refuses(Buffer.from('certificate'))
  refuses(Buffer.from(pem), /not DER/)
  refuses(Buffer.concat([der, Buffer.from([0])]), /not DER/)
  refuses(Buffer.concat([der, der]), /not DER/)
  refuses(der.subarray(0, -1))
  refuses(der.subarray(4))
})

test('MTLS-12 refuses a certificate in an encoding of indefinite length', () => {
  const { der } = certificate
  refuses(Buffer.concat([Buffer.from([0x30, 0x80]), der.subarray(4), Buffer.from([0, 0])]))
})

test('MTLS-12 refuses megabytes, and too many of anything', async () => {
  refuses(new Uint8Array(8193), /larger/)
  refuses(Buffer.alloc(1_000_000, 0x30), /larger/)
  const names = Array.from({ length: 101 }, (_, n) => ({ type: 'dns', value: `a${n}` }) as const)
  refuses((await issue({ extensions: [named(...names)] })).der, /100 names/)
  readCertificate((await issue({ extensions: [named(...names.slice(1))] })).der)
  const subject = names.map(({ value }) => ({ OU: value }))
  refuses((await issue({ subject })).der, /100 attributes/)
  readCertificate((await issue({ subject: subject.slice(1) })).der)
  const extensions = names.slice(0, 51).map((_, n) => extension(`1.2.3.${n}`, false))
  refuses((await issue({ extensions })).der, /50 extensions/)
})

test('MTLS-12 counts names before it reads them, and reads none of what OpenSSL cannot', async (t) => {
  const empty = (count: number, last = ''): Promise<{ readonly der: Uint8Array }> => {
    const names = Buffer.from('8200'.repeat(count) + last, 'hex')
    const length = Buffer.from([0x30, 0x82, names.length >> 8, names.length & 0xff])
    const value = Buffer.concat([length, names])
    return issue({ extensions: [extension('2.5.29.17', false, value)] })
  }
  const parsing = t.mock.method(AsnConvert, 'parse')
  refuses((await empty(3000)).der, /100 names/)
  refuses((await empty(3000, '02010a')).der, /malformed in its names/)
  const parsed = parsing.mock.calls.map(({ arguments: [, type] }) => type)
  assert.ok(parsed.includes(Certificate))
  assert.ok(!parsed.includes(SubjectAlternativeName))
  readCertificate((await empty(100)).der)
  const commas = Array.from(
    { length: 60 },
    (_, n) => ({ type: 'url', value: `a:,${n}, ` }) as const,
  )
  assert.equal(
    readCertificate((await issue({ extensions: [named(...commas)] })).der).names.uri.length,
    60,
  )
  assert.deepEqual(
    readCertificate((await issue({ extensions: [extension('2.5.29.17', false)] })).der).names.dns,
    [],
  )
})

test('MTLS-12 refuses an extension that occurs twice: two readers may each take another', async () => {
  const one = named({ type: 'dns', value: 'a.example' })
  const other = named({ type: 'dns', value: 'b.example' })
  refuses((await issue({ extensions: [one, other] })).der, /twice/)
})

test('MTLS-12 refuses extensions that are not what they say they are', async () => {
  for (const oid of ['2.5.29.17', '2.5.29.19', '2.5.29.15', '2.5.29.37']) {
    const { der } = await issue({ extensions: [extension(oid, false)] })
    const garbage = Buffer.from(der)
    // The empty SEQUENCE in it becomes an INTEGER without bytes.
    const at = garbage.lastIndexOf(Buffer.from([0x04, 0x02, 0x30, 0x00]))
    garbage[at + 2] = 0x02
    refuses(garbage)
  }
})

test('MTLS-12 whatever bytes come, a certificate is read or refused', async () => {
  const { der } = await issue({
    algorithm: ec(),
    extensions: [
      authority(1),
      usage('keyCertSign', 'digitalSignature'),
      purposes(SERVER_AUTH),
      named({ type: 'dns', value: 'bank.example' }, { type: 'ip', value: '2001:db8::1' }),
    ],
  })
  let read = 0
  const attempt = (bytes: Buffer): void => {
    try {
      readCertificate(bytes)
      read += 1
    } catch (error) {
      assert.ok(error instanceof UnusableCertificate, String(error))
    }
  }
  for (let at = 0; at < der.length; at++) {
    for (const change of [0x01, 0x20, 0x80, 0xff]) {
      const bytes = Buffer.from(der)
      bytes[at] = (bytes[at] ?? 0) ^ change
      attempt(bytes)
    }
    attempt(Buffer.concat([der.subarray(0, at), der.subarray(at + 1)]))
  }
  assert.ok(read > 100, 'a change within a signature or a name makes another certificate')
})

test('MTLS-12 a certificate of nothing but depth is refused', () => {
  let nested = Buffer.alloc(0)
  while (nested.length < 8_000) {
    const { length } = nested
    nested = Buffer.concat([Buffer.from([0x30, 0x82, length >> 8, length & 0xff]), nested])
  }
  refuses(nested)
})
