import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { AlgorithmIdentifier } from '@peculiar/asn1-x509'
import { isStrongKey, isStrongSignature } from './strength.ts'

const isStrong = (algorithm: string, parameters?: string): boolean =>
  isStrongSignature(
    new AlgorithmIdentifier({
      algorithm,
      parameters:
        parameters === undefined ? null : Uint8Array.from(Buffer.from(parameters, 'hex')).buffer,
    }),
  )

test('MTLS-02 signatures with MD2, MD5 and SHA-1 are weak, and so is what is not known', () => {
  for (const oid of [
    '1.2.840.113549.1.1.2',
    '1.2.840.113549.1.1.4',
    '1.2.840.113549.1.1.5',
    '1.2.840.113549.1.1.14',
    '1.2.840.10040.4.3',
    '1.2.840.10045.4.1',
    '1.2.840.10045.4.3.1',
    '1.3.14.3.2.29',
    '2.16.840.1.101.3.4.3.2',
    '',
  ]) {
    assert.ok(!isStrong(oid), oid)
  }
  for (const oid of ['1.2.840.113549.1.1.11', '1.2.840.10045.4.3.3', '1.3.101.112']) {
    assert.ok(isStrong(oid), oid)
  }
})

test('MTLS-02 RSASSA-PSS is as strong as its digest, which is SHA-1 where none is named', () => {
  const pss = '1.2.840.113549.1.1.10'
  const named = (digest: string): string =>
    `3034a00f300d0609${digest}0500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120`
  assert.ok(isStrong(pss, named('608648016503040201')))
  assert.ok(isStrong(pss, named('608648016503040202')))
  assert.ok(isStrong(pss, named('608648016503040203')))
  assert.ok(!isStrong(pss, named('608648016503040204'))) // SHA-224
  assert.ok(!isStrong(pss, '3000'))
  assert.ok(!isStrong(pss, '3009a007300506052b0e03021a')) // SHA-1
  // Of SHA-256 only the mask.
  assert.ok(!isStrong(pss, '301ea11c301a06092a864886f70d010108300d06096086480165030402010500'))
  assert.ok(!isStrong(pss, ''))
  assert.ok(!isStrong(pss))
})

const rsa = (bits: number, exponent = '010001'): KeyObject => {
  const n = Buffer.alloc(bits / 8, 0xff).toString('base64url')
  const e = Buffer.from(exponent, 'hex').toString('base64url')
  return createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' })
}

test('MTLS-02 RSA exponents are from 65537 to 32 bits: less proves little or nothing, more is to keep a server busy', () => {
  for (const exponent of ['01', '03', 'ffff', '0100000001', 'ff'.repeat(250)]) {
    assert.ok(!isStrongKey(rsa(2048, exponent)), exponent)
  }
  for (const exponent of ['010001', 'ffffffff']) assert.ok(isStrongKey(rsa(2048, exponent)))
})

test('MTLS-02 RSA keys have 2048 to 8192 bits, and others are on a curve that is known', () => {
  for (const bits of [1024, 2040, 8200, 16_384]) assert.ok(!isStrongKey(rsa(bits)), `${bits}`)
  for (const bits of [2048, 4096, 8192]) assert.ok(isStrongKey(rsa(bits)), `${bits}`)
  const curve = (namedCurve: string): KeyObject =>
    generateKeyPairSync('ec', { namedCurve }).publicKey
  for (const name of ['prime192v1', 'secp256k1', 'secp224r1'])
    assert.ok(!isStrongKey(curve(name)), name)
  for (const name of ['P-256', 'P-384', 'P-521']) assert.ok(isStrongKey(curve(name)), name)
  assert.ok(isStrongKey(generateKeyPairSync('ed448').publicKey))
  assert.ok(!isStrongKey(generateKeyPairSync('x25519').publicKey))
})
