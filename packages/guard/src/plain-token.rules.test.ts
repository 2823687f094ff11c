import type { PresentedAccessToken } from '@signet/protocol'
import { proveRule } from '@signet/protocol/testing'
import { plainTokenRules } from './plain-token.rules.ts'

const NOW = 1_800_000_000
const ISSUER = 'https://keycloak.example/realms/bank'
const API = 'https://api.example'

/** An access token as Keycloak makes it, changed. */
const saying = (claims: object, header: object = {}): PresentedAccessToken => ({
  header: { alg: 'PS256', typ: 'JWT', ...header },
  claims: {
    iss: ISSUER,
    sub: 'alice',
    aud: [API, 'account'],
    azp: 'app',
    scope: 'accounts',
    typ: 'DPoP',
    iat: NOW,
    exp: NOW + 300,
    ...claims,
  },
  issuer: ISSUER,
  audience: API,
  now: NOW,
  clockTolerance: 0,
})

proveRule(plainTokenRules, 'JAT-01', {
  good: saying({}, { typ: undefined }),
  refuses: Object.fromEntries(
    ['dpop+jwt', 'logout+jwt', 'client-authentication+jwt', 'id_token', ''].map((typ) => [
      `typ ${typ}`,
      saying({}, { typ }),
    ]),
  ),
})

proveRule(plainTokenRules, 'JAT-02', {
  good: saying({ client_id: 'app', scope: '' }),
  refuses: {
    'a token of nobody': saying({ sub: undefined }),
    'a token of a person without name': saying({ sub: '' }),
    'a token without scope': saying({ scope: undefined }),
    'a token with a list as scope': saying({ scope: ['accounts'] }),
    'a token for no client': saying({ azp: undefined }),
    'a token for a client without name': saying({ azp: '' }),
    'a token for two clients': saying({ client_id: 'other' }),
    'a token without end': saying({ exp: undefined }),
    'a token without beginning': saying({ iat: undefined }),
    'a token bound to a text': saying({ cnf: 'key' }),
  },
})

proveRule(plainTokenRules, 'JWT-09', {
  good: saying({ typ: undefined }),
  refuses: {
    'a token with the nonce of a login': saying({ nonce: 'x' }),
    'a token with the digest of an access token': saying({ at_hash: 'x' }),
    'a token with the digest of a code': saying({ c_hash: 'x' }),
    'a token about a logout': saying({ events: {} }),
    'an ID token of Keycloak': saying({ typ: 'ID' }),
    'a refresh token of Keycloak': saying({ typ: 'Refresh' }),
  },
})
