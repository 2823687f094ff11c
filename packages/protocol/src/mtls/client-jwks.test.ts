import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { UnusableKey } from '../jose/public-jwk.ts'
import { certificateThumbprint } from './certificate.ts'
import { importClientJwks } from './client-jwks.ts'
import { ec, issue, jwkOf, rsa } from './testing/certificates.ts'

const own = await issue()
const other = await issue()
const jwk = await jwkOf(own)
const base64 = (der: Uint8Array): string => Buffer.from(der).toString('base64')

const importOne = (x5c: unknown) => importClientJwks({ keys: [{ ...jwk, kid: 'k1', x5c }] })

test('MTLS-03 a key brings the certificate that is registered with it', () => {
  const { keys, ignored } = importOne([base64(own.der), base64(other.der)])
  assert.deepEqual(ignored, [])
  assert.equal(keys[0]?.certificate, certificateThumbprint(own.der))
  assert.equal(keys[0].kid, 'k1')
})

test('MTLS-03 certificates of RSA keys too, and keys without certificate', async () => {
  const issued = await issue({ algorithm: rsa() })
  const withX5c = { ...(await jwkOf(issued)), x5c: [base64(issued.der)] }
  const { keys } = importClientJwks({ keys: [withX5c, jwk] })
  assert.equal(keys[0]?.certificate, certificateThumbprint(issued.der))
  assert.equal(keys[1]?.certificate, undefined)
})

test('MTLS-03 a key with the certificate of another, or with none that can be read, is left aside', async () => {
  const der = base64(own.der)
  const strange = await issue({ algorithm: ec('P-384', 'SHA-384') })
  const refused: Readonly<Record<string, readonly [x5c: unknown, reason: RegExp]>> = {
    'another key': [[base64(other.der), der], /another key/],
    'another kind of key': [[base64(strange.der)], /another key/],
    'an empty list': [[], /base64/],
    'a text': [der, /base64/],
    null: [null, /base64/],
    'a number': [[1], /base64/],
    base64url: [[Buffer.from(own.der).toString('base64url').replace(/.$/, '_')], /base64/],
    'white space': [[` ${der}`], /base64/],
    'line breaks': [[der.replace(/.{64}/g, '$&\n')], /base64/],
    PEM: [[own.pem], /base64/],
    'PEM in base64': [[Buffer.from(own.pem).toString('base64')], /not DER/],
    'no certificate': [['AAAA'], /not a certificate/],
    nothing: [[''], /base64/],
    'a megabyte': [[base64(Buffer.alloc(1_000_000))], /larger/],
  }
  for (const [title, [x5c, reason]] of Object.entries(refused)) {
    const { keys, ignored } = importOne(x5c)
    assert.deepEqual(keys, [], title)
    assert.match(ignored[0] ?? '', reason, title)
  }
})

test('MTLS-03 a private key stays refused, and so does what is no JWK set', () => {
  const { keys, ignored } = importClientJwks({
    keys: [{ ...jwk, d: 'AA', x5c: [base64(own.der)] }],
  })
  assert.deepEqual(keys, [])
  assert.match(ignored[0] ?? '', /private member d/)
  assert.throws(() => importClientJwks([jwk]), UnusableKey)
})
