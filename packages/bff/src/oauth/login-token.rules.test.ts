import { atHash } from '@signet/protocol'
import { proveRule } from '@signet/protocol/testing'
import { loginTokenRules, type LoginToken } from './login-token.rules.ts'

const NOW = 1_800_000_000
const saying = (claims: object, members: Partial<LoginToken> = {}): LoginToken => ({
  header: { alg: 'ES256' },
  claims: { aud: 'bank', iat: NOW, acr: 'strong', ...claims },
  clientId: 'bank',
  accessToken: 'a token',
  acrValues: [],
  now: NOW,
  ...members,
})
const good = saying({})

proveRule(loginTokenRules, 'OIDC-05', {
  good,
  refuses: {
    RS256: saying({}, { header: { alg: 'RS256' } }),
    none: saying({}, { header: { alg: 'none' } }),
    HS256: saying({}, { header: { alg: 'HS256' } }),
  },
})
proveRule(loginTokenRules, 'OIDC-04', {
  good: saying({ aud: ['bank'], azp: 'bank' }),
  refuses: {
    'another client': saying({ aud: 'shop' }),
    'another client beside us': saying({ aud: ['bank', 'shop'], azp: 'bank' }),
    'nobody at all': saying({ aud: [] }),
    'no audience': saying({ aud: undefined }),
    'another party': saying({ azp: 'shop' }),
  },
})
proveRule(loginTokenRules, 'OIDC-06', {
  good,
  refuses: {
    'the future': saying({ iat: NOW + 61 }),
    'no iat': saying({ iat: undefined }),
    'a text': saying({ iat: 'now' }),
  },
})
proveRule(loginTokenRules, 'OIDC-08', {
  good: saying({}, { acrValues: ['strong', 'stronger'] }),
  refuses: {
    'a weaker login': saying({ acr: 'weak' }, { acrValues: ['strong'] }),
    'a login of unknown strength': saying({ acr: undefined }, { acrValues: ['strong'] }),
  },
})
proveRule(loginTokenRules, 'OIDC-09', {
  good: saying({ at_hash: atHash('a token', 'ES256') }),
  refuses: {
    'the digest of another token': saying({ at_hash: atHash('another', 'ES256') }),
    'no digest': saying({ at_hash: '' }),
  },
})
