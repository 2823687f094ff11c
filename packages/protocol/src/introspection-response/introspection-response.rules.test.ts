import { proveRule } from '../testing/prove-rule.ts'
import {
  signedIntrospectionRules,
  type SignedIntrospection,
} from './introspection-response.rules.ts'

const signed: SignedIntrospection = {
  header: { alg: 'ES256', typ: 'token-introspection+jwt' },
  claims: { iss: 'https://as.example', aud: 'api', iat: 100, token_introspection: {} },
  issuer: 'https://as.example',
  clientId: 'api',
  now: 100,
}
const claiming = (change: object): SignedIntrospection => ({
  ...signed,
  claims: { ...signed.claims, ...change },
})

proveRule(signedIntrospectionRules, 'INT-10', {
  good: signed,
  refuses: {
    'an access token as response': { ...signed, header: { alg: 'ES256', typ: 'at+jwt' } },
    'a JWT without typ': { ...signed, header: { alg: 'ES256' } },
  },
})

proveRule(signedIntrospectionRules, 'SP-CR-02', {
  good: signed,
  refuses: { RS256: { ...signed, header: { ...signed.header, alg: 'RS256' } } },
})

proveRule(signedIntrospectionRules, 'MS-INT-03', {
  good: signed,
  refuses: {
    'another issuer': claiming({ iss: 'https://evil.example' }),
    'a response for another API': claiming({ aud: ['other'] }),
    'an old response': claiming({ iat: 39 }),
    'a response from ahead': claiming({ iat: 161 }),
    'a response without a date': claiming({ iat: undefined }),
  },
})

proveRule(signedIntrospectionRules, 'INT-06', {
  good: signed,
  refuses: {
    'flattened claims': claiming({ token_introspection: undefined, active: true }),
    'a list': claiming({ token_introspection: [] }),
  },
})
