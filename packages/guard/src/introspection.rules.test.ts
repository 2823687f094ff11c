import { proveRule } from '@signet/protocol/testing'
import {
  introspectionRules,
  signedIntrospectionRules,
  type Introspected,
  type SignedIntrospection,
} from './introspection.rules.ts'

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
