import { proveRule } from '@signet/protocol/testing'
import { bindingRules, certificateRules, type Binding } from './check.rules.ts'

const good: Binding = {
  scheme: 'dpop',
  keys: { jkt: 'key', certificate: undefined },
  senderConstraint: 'either',
  proofs: 1,
}
const binding = (change: Partial<Binding>): Binding => ({ ...good, ...change })
const certified = { jkt: undefined, certificate: 'certificate' }

proveRule(bindingRules, 'SP-RS-05', {
  good,
  refuses: {
    'a token without a key': binding({ keys: { jkt: undefined, certificate: undefined } }),
    'a certificate where a DPoP key is asked for': binding({
      scheme: 'bearer',
      keys: certified,
      senderConstraint: 'dpop',
    }),
    'a DPoP key where a certificate is asked for': binding({ senderConstraint: 'mtls' }),
  },
})

proveRule(bindingRules, 'DPOP-RS-02', {
  good,
  refuses: {
    'a bound token as Bearer': binding({ scheme: 'bearer' }),
    'a token bound to both as Bearer': binding({
      scheme: 'bearer',
      keys: { jkt: 'key', certificate: 'certificate' },
    }),
  },
})

proveRule(bindingRules, 'SP-RS-01', {
  good,
  refuses: { 'a token bound to a certificate with scheme DPoP': binding({ keys: certified }) },
})

proveRule(bindingRules, 'DPOP-RS-01', {
  good,
  refuses: { 'a bound token without a proof': binding({ proofs: 0 }) },
})

const shown = { wanted: 'a', shown: 'a', source: 'the TLS connection' }

proveRule(certificateRules, 'MTLS-06', {
  good: shown,
  refuses: {
    'no certificate': { ...shown, shown: undefined },
    'another certificate': { ...shown, shown: 'b' },
    'an empty thumbprint': { ...shown, shown: '' },
  },
})
