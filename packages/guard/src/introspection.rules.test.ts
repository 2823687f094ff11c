import { proveRule } from '@signet/protocol/testing'
import { introspectionRules, type Introspected } from './introspection.rules.ts'

const told: Introspected = {
  response: { active: true, iss: 'https://as.example', aud: ['a', 'api'], exp: 101 },
  issuer: 'https://as.example',
  audience: 'api',
  now: 100,
  clockTolerance: 0,
}
const telling = (change: object): Introspected => ({
  ...told,
  response: { ...told.response, ...change },
})

proveRule(introspectionRules, 'SP-RS-03', {
  good: told,
  refuses: {
    'an inactive token': telling({ active: false }),
    'a token whose state is text': telling({ active: 'true' }),
    'a token without a state': telling({ active: undefined }),
  },
})

proveRule(introspectionRules, 'JWT-07', {
  good: told,
  refuses: { 'a token of another issuer': telling({ iss: 'https://evil.example' }) },
})

proveRule(introspectionRules, 'RES-04', {
  good: told,
  refuses: {
    'a token for another audience': telling({ aud: 'other' }),
    'a token for nobody in particular': telling({ aud: undefined }),
  },
})

proveRule(introspectionRules, 'JAT-05', {
  good: told,
  refuses: {
    'a token that has expired': telling({ exp: 100 }),
    'an expiry that is text': telling({ exp: '101' }),
    'a token that is not valid yet': telling({ nbf: 200 }),
  },
})
