import { proveRule } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createStage } from '../testing/index.ts'
import {
  confirmationOf,
  grantChoiceRules,
  possessionRules,
  type GrantChoice,
  type Possession,
} from './token.rules.ts'

const stage = createStage()
const { client } = stage.enrol({ client_id: 'batch', grant_types: ['client_credentials'] })

const choosing = (grantType: string | undefined): GrantChoice => ({ client, grantType })

proveRule(grantChoiceRules, 'OAU-05', {
  good: choosing('client_credentials'),
  refuses: { 'a request without grant_type': choosing(undefined) },
})

proveRule(grantChoiceRules, 'SP-AS-02', {
  good: choosing('client_credentials'),
  refuses: {
    'the password grant': choosing('password'),
    'the implicit grant': choosing('implicit'),
    'a grant in another case': choosing('Client_Credentials'),
    'a grant with the name of a member of every object': choosing('constructor'),
    'the device grant': choosing('urn:ietf:params:oauth:grant-type:device_code'),
  },
})

proveRule(grantChoiceRules, 'SP-AS-15', {
  good: choosing('client_credentials'),
  refuses: {
    'a code of a client that has no code flow': choosing('authorization_code'),
    'refreshing by a client that may not': choosing('refresh_token'),
  },
})

const proof = { jkt: 'thumbprint', jti: 'jti', iat: 1, until: 2, digest: 'digest' }

const certificate = 'the thumbprint of a certificate'
const byProof: Possession = { constraint: 'dpop', proof, certificate: undefined, weak: false }
const byCertificate: Possession = {
  constraint: 'mtls',
  proof: undefined,
  certificate,
  weak: false,
}

proveRule<Possession, Possession>(possessionRules, 'SP-AS-04', {
  good: byProof,
  refuses: {
    'a request without a proof': { ...byProof, proof: undefined },
    'a certificate in the place of a proof': { ...byProof, proof: undefined, certificate },
  },
})

proveRule<Possession, Possession>(possessionRules, 'MTLS-04', {
  good: byCertificate,
  refuses: { 'a request without a certificate': { ...byCertificate, certificate: undefined } },
})

proveRule<Possession, Possession>(possessionRules, 'SP-CR-04', {
  good: byCertificate,
  refuses: { 'a certificate of a weak key': { ...byCertificate, weak: true } },
})

proveRule<Possession, Possession>(possessionRules, 'MTLS-07', {
  good: byCertificate,
  refuses: { 'a proof beside the certificate': { ...byCertificate, proof } },
})

test('MTLS-04 a token is bound to what its client is registered for, and to nothing else', () => {
  assert.deepEqual(confirmationOf({ constraint: 'dpop', proof, certificate, weak: false }), {
    jkt: 'thumbprint',
  })
  assert.deepEqual(
    confirmationOf({ constraint: 'mtls', proof: undefined, certificate, weak: false }),
    {
      'x5t#S256': certificate,
    },
  )
})
