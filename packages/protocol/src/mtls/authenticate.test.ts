import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { Refused } from '../rules/refusal.ts'
import {
  readPresentedCertificate,
  verifyCertificateAuthentication,
  type CertificateContext,
} from './authenticate.ts'
import type { CertificateName } from './certificate-name.ts'
import { readCertificate, type ClientCertificate } from './certificate.ts'
import { readAuthorities } from './chain.ts'
import { importClientJwks } from './client-jwks.ts'
import { authority, issue, jwkOf, named, NOW, type Issued } from './testing/certificates.ts'

/** What a client showed, before any of it is read. */
type Shown = Omit<CertificateContext, 'certificate'>

const root = await issue({ subject: 'CN=Authority', extensions: [authority()] })
const bank = [named({ type: 'dns', value: 'bank.example' })]
const issued = await issue({ issuer: root, extensions: bank })
const own = await issue({ extensions: bank })

const subjectDn: CertificateName = {
  field: 'tls_client_auth_subject_dn',
  values: ['CN=old', 'CN=bank,O=Bank,C=DE'],
}
const byAuthority: Shown = {
  chain: [issued.der],
  registered: { method: 'tls_client_auth', name: subjectDn },
  authorities: readAuthorities([root.pem]),
  keys: [],
  now: NOW,
}
const base64 = ({ der }: Issued): string => Buffer.from(der).toString('base64')
const keysOf = async (client: Issued, x5c?: readonly string[]) =>
  importClientJwks({ keys: [{ ...(await jwkOf(client)), ...(x5c && { x5c }) }] }).keys

const bySelf: Shown = {
  chain: [own.der],
  registered: { method: 'self_signed_tls_client_auth' },
  authorities: readAuthorities([]),
  keys: await keysOf(own, [base64(own)]),
  now: NOW,
}

function authenticated(shown: Shown): ClientCertificate {
  const certificate = readPresentedCertificate(shown.chain)
  verifyCertificateAuthentication({ ...shown, certificate })
  return certificate
}

function refuses(shown: Shown, reason: string): void {
  assert.throws(
    () => authenticated(shown),
    (error) => {
      assert.ok(error instanceof Refused, String(error))
      assert.deepEqual(error.refusal, {
        error: 'invalid_client',
        description:
          reason === 'client_certificate_missing'
            ? 'a client certificate is required'
            : 'client authentication failed',
      })
      assert.equal(error.evidence.reason, reason)
      assert.ok(JSON.stringify(error.evidence).length < 3000)
      return true
    },
  )
}

test('MTLS-02 a client is authenticated by a certificate of an authority with its name', () => {
  assert.equal(authenticated(byAuthority), readCertificate(issued.der))
})

test('MTLS-03 a client is authenticated by its own certificate, or by any with its key', async () => {
  assert.equal(authenticated(bySelf), readCertificate(own.der))
  const keyOnly = { ...bySelf, keys: await keysOf(own) }
  assert.equal(authenticated(keyOnly), readCertificate(own.der))
  const again = await issue({ keys: own.keys, subject: 'CN=whatever' })
  assert.ok(authenticated({ ...keyOnly, chain: [again.der] }))
})

test('MTLS-01 without certificate nobody is authenticated', () => {
  for (const context of [byAuthority, bySelf]) {
    refuses({ ...context, chain: [] }, 'client_certificate_missing')
  }
})

test('MTLS-12 with something that is none nobody is authenticated', () => {
  for (const context of [byAuthority, bySelf]) {
    for (const der of [new Uint8Array(), issued.der.subarray(1), new Uint8Array(1_000_000)]) {
      refuses({ ...context, chain: [der] }, 'client_certificate_unreadable')
    }
  }
})

test('MTLS-01 an expired certificate authenticates nobody, whoever signed it', () => {
  for (const context of [byAuthority, bySelf]) {
    refuses({ ...context, now: NOW + 86_401 }, 'client_certificate_not_valid_now')
    refuses({ ...context, now: NOW - 3601 }, 'client_certificate_not_valid_now')
  }
})

test('MTLS-02 a certificate of an authority with another name is refused', async () => {
  const stranger = await issue({ issuer: root, subject: 'C=DE,O=Bank,CN=bank.evil' })
  refuses({ ...byAuthority, chain: [stranger.der] }, 'client_certificate_name')
  const parts: readonly CertificateName[] = [
    { field: 'tls_client_auth_subject_dn', values: ['CN=bank'] },
    { field: 'tls_client_auth_subject_dn', values: ['C=DE,O=Bank,CN=bank'] },
    { field: 'tls_client_auth_subject_dn', values: [''] },
    { field: 'tls_client_auth_san_dns', values: ['bank'] },
    { field: 'tls_client_auth_san_uri', values: ['bank.example'] },
    { field: 'tls_client_auth_san_dns', values: [] },
  ]
  for (const name of parts) {
    const registered = { method: 'tls_client_auth', name } as const
    refuses({ ...byAuthority, registered }, 'client_certificate_name')
  }
})

test('MTLS-02 a certificate with the right name is refused that no trusted authority issued', async () => {
  const impostor = await issue({ subject: 'CN=Authority', extensions: [authority()] })
  const forged = await issue({ issuer: impostor })
  for (const chain of [
    [own.der],
    [forged.der],
    [forged.der, impostor.der],
    [forged.der, root.der],
  ]) {
    refuses({ ...byAuthority, chain }, 'client_certificate_untrusted')
  }
  refuses({ ...byAuthority, authorities: readAuthorities([]) }, 'client_certificate_untrusted')
})

test('MTLS-02 a client of tls_client_auth is not authenticated by its keys', async () => {
  const keys = await keysOf(own, [base64(own)])
  refuses({ ...byAuthority, chain: [own.der], keys }, 'client_certificate_untrusted')
})

test('MTLS-03 a client of its own certificates is not authenticated by authorities, nor by a name', async () => {
  const authorities = readAuthorities([root.pem])
  refuses({ ...bySelf, authorities, chain: [issued.der] }, 'client_certificate_unregistered')
  const sameName = await issue({ extensions: bank })
  refuses({ ...bySelf, chain: [sameName.der] }, 'client_certificate_unregistered')
  refuses({ ...bySelf, chain: [sameName.der, own.der] }, 'client_certificate_unregistered')
  refuses({ ...bySelf, keys: [] }, 'client_certificate_unregistered')
})

test('MTLS-03 where the certificate is registered, another one with its key is refused', async () => {
  const again = await issue({ keys: own.keys, extensions: bank })
  refuses({ ...bySelf, chain: [again.der] }, 'client_certificate_unregistered')
})

test('MTLS-03 what else comes along with a self-signed certificate does not matter', () => {
  assert.ok(authenticated({ ...bySelf, chain: [own.der, new Uint8Array()] }))
})
