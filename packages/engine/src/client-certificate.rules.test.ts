import { proveRule } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  certificateAttributionRules,
  certificateCredentialRules,
  type CertificateAttribution,
  type CertificateCredentials,
} from './client-certificate.rules.ts'
import { createStage } from './testing/index.ts'

const good: CertificateCredentials = {
  form: [['client_id', 'app']],
  authorization: [],
  clientId: 'app',
  certificates: 1,
}

proveRule(certificateCredentialRules, 'PKJ-09', {
  good,
  refuses: {
    'Basic beside a certificate': { ...good, authorization: ['Basic YXBwOnM='] },
    'a bearer token beside a certificate': { ...good, authorization: ['Bearer x'] },
    'an empty Authorization header beside a certificate': { ...good, authorization: [''] },
    'a client_secret beside a certificate': {
      ...good,
      form: [...good.form, ['client_secret', 's3cret']],
    },
  },
})

proveRule(certificateCredentialRules, 'SP-AS-06', {
  good: { ...good, certificates: 5 },
  refuses: {
    'a certificate that is to say whose it is': { ...good, form: [], clientId: undefined },
  },
})

const { client } = createStage().app
const authentication = { method: 'self_signed_tls_client_auth' } as const
const attributed: CertificateAttribution = { clientId: 'app', client, authentication }

proveRule(certificateAttributionRules, 'SP-AS-03', {
  good: attributed,
  refuses: {
    'an unknown client': { clientId: 'nobody', client: undefined, authentication: undefined },
  },
})

proveRule(certificateAttributionRules, 'MTLS-01', {
  good: attributed,
  refuses: {
    'a client that authenticates by assertions': {
      ...attributed,
      authentication: client.authentication,
    },
  },
})

test('SP-AS-03 whoever is none of the clients for certificates is told one thing', () => {
  const told = certificateAttributionRules.map(({ otherwise }) => otherwise)
  assert.equal(new Set(told).size, 1)
})

test('nothing that was sent is repeated, but the name of a client', () => {
  for (const rule of certificateCredentialRules) {
    const received = rule.received({
      form: [['client_secret', 's3cret']],
      authorization: ['Basic czNjcmV0'],
      clientId: undefined,
      certificates: 0,
    })
    assert.doesNotMatch(received, /s3cret|czNjcmV0/)
  }
})
