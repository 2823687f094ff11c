import { proveRule } from '../testing/prove-rule.ts'
import { certificateFormatRules, certificateHeaderRules } from './certificate-header.rules.ts'

proveRule(certificateFormatRules, 'MTLS-09', {
  good: { format: 'xfcc', present: ['xfcc'] },
  refuses: {
    'another format beside the one that is configured': {
      format: 'xfcc',
      present: ['rfc9440', 'xfcc'],
    },
  },
})

proveRule(certificateHeaderRules, 'MTLS-09', {
  good: { format: 'rfc9440', lengths: [1], chain: [] },
  refuses: {
    'what cannot be read': { format: 'rfc9440', lengths: [1, 2], chain: undefined },
  },
})
