import assert from 'node:assert/strict'
import { test } from 'node:test'
import { importPublicJwk } from '../jose/keys.ts'
import { enforce } from '../rules/rule.ts'
import { proveRule } from '../testing/prove-rule.ts'
import {
  certificateChainRules,
  certificateNameRules,
  certificateValidityRules,
  presentedCertificateRules,
  selfSignedCertificateRules,
} from './certificate.rules.ts'
import { readCertificate } from './certificate.ts'
import { issue, jwkOf, named, NOW } from './testing/certificates.ts'
import { UnusableCertificate } from './unusable-certificate.ts'

const issued = await issue({ extensions: [named({ type: 'dns', value: 'bank.example' })] })
const certificate = readCertificate(issued.der)
const key = importPublicJwk({ ...(await jwkOf(issued)), kid: 'k1' })
const otherKey = importPublicJwk(await jwkOf(await issue()))
/** Another certificate with the same key and the same names. */
const renewed = readCertificate((await issue({ keys: issued.keys })).der)

proveRule(presentedCertificateRules, 'MTLS-01', {
  good: { certificate },
  refuses: { 'a connection without certificate': { certificate: undefined } },
})

proveRule(presentedCertificateRules, 'MTLS-12', {
  good: { certificate },
  refuses: { 'what cannot be read': { certificate: new UnusableCertificate('not DER') } },
})

proveRule(certificateValidityRules, 'MTLS-01', {
  good: { certificate, now: NOW },
  refuses: {
    'a certificate that has expired': { certificate, now: NOW + 86_401 },
    'a certificate that is not valid yet': { certificate, now: NOW - 3601 },
  },
})

test('MTLS-01 a certificate is valid from notBefore to notAfter, both included', () => {
  for (const now of [certificate.notBefore, certificate.notAfter]) {
    assert.ok(enforce(certificateValidityRules, { certificate, now }))
  }
})

const dns = (...values: readonly string[]) => ({
  certificate,
  now: NOW,
  name: { field: 'tls_client_auth_san_dns', values } as const,
})

proveRule(certificateNameRules, 'MTLS-02', {
  good: dns('bank.example'),
  refuses: {
    'another name': dns('shop.example'),
    'a name of another kind': {
      ...dns(),
      name: { field: 'tls_client_auth_san_uri', values: ['bank.example'] },
    },
    'no name at all': dns(),
  },
})

proveRule(certificateChainRules, 'MTLS-02', {
  good: { certificate, now: NOW, chainProblem: undefined },
  refuses: {
    'a chain that leads nowhere': { certificate, now: NOW, chainProblem: 'no authority' },
  },
})

const registered = { ...key, certificate: certificate.thumbprint }

proveRule(selfSignedCertificateRules, 'MTLS-03', {
  good: { certificate, now: NOW, keys: [otherKey, registered] },
  refuses: {
    'a client without keys': { certificate, now: NOW, keys: [] },
    'a key that is not registered': { certificate, now: NOW, keys: [otherKey] },
    'another certificate of a key whose certificate is registered': {
      certificate: renewed,
      now: NOW,
      keys: [registered],
    },
    'a certificate without a key we can name': {
      certificate: { ...certificate, keyThumbprint: undefined },
      now: NOW,
      keys: [key],
    },
  },
})

test('MTLS-03 of a key without x5c any certificate is taken, and of several certificates each', () => {
  for (const keys of [[key], [registered, { ...key, certificate: renewed.thumbprint }]]) {
    for (const each of [certificate, renewed]) {
      assert.ok(enforce(selfSignedCertificateRules, { certificate: each, now: NOW, keys }))
    }
  }
})

test('MTLS-01 the operator is told which certificate came, and until when it is valid', () => {
  assert.throws(
    () => enforce(certificateNameRules, dns('shop.example')),
    (error) => {
      const told = JSON.stringify(error)
      for (const part of [
        certificate.thumbprint,
        'CN=bank,O=Bank,C=DE',
        'bank.example',
        'shop.example',
        '+86400 s',
      ]) {
        assert.ok(told.includes(part), `${part} in ${told}`)
      }
      return true
    },
  )
})

test('MTLS-03 the operator is told which certificates would have been right', () => {
  assert.throws(
    () =>
      enforce(selfSignedCertificateRules, {
        certificate: renewed,
        now: NOW,
        keys: [registered, otherKey],
      }),
    (error) => {
      const told = JSON.stringify(error)
      for (const part of [certificate.thumbprint, renewed.thumbprint, otherKey.thumbprint, 'k1']) {
        assert.ok(told.includes(part), `${part} in ${told}`)
      }
      return true
    },
  )
})
