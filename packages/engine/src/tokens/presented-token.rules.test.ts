import { createIdToken, generateSigningKey } from '@signet/protocol'
import { proveRule } from '@signet/protocol/testing'
import { createStage, ISSUER } from '../testing/index.ts'
import type { IssuedClaims } from './issue.ts'
import {
  presentedTokenRules,
  revocationRules,
  type RevocationRequest,
  type TokenParameter,
} from './presented-token.rules.ts'

const { client } = createStage().app

proveRule<TokenParameter, TokenParameter>(presentedTokenRules, 'OAU-05', {
  good: { token: 'some token' },
  refuses: { 'a request without a token': { token: undefined } },
})

const claims: IssuedClaims = {
  iss: ISSUER,
  sub: 'alice',
  aud: 'https://api.example',
  client_id: client.id,
  iat: 1,
  exp: 2,
  jti: 'jti',
  cnf: { jkt: 'thumbprint' },
}

const good: RevocationRequest = { client, token: 'some token', found: { kind: 'access', claims } }

const idToken = createIdToken(
  { iss: ISSUER, sub: 'alice', aud: client.id, iat: 1, exp: 2 },
  generateSigningKey('ES256'),
)

proveRule(revocationRules, 'REV-04', {
  good,
  refuses: { 'an ID token': { client, token: idToken, found: undefined } },
})

proveRule(revocationRules, 'REV-01', {
  good,
  refuses: {
    'an access token of another client': {
      ...good,
      found: { kind: 'access', claims: { ...claims, client_id: 'other' } },
    },
    'a refresh token of another client': {
      ...good,
      found: {
        kind: 'refresh',
        grant: {
          id: 'grant',
          authorization: {
            clientId: 'other',
            subject: 'alice',
            scopes: [],
            resources: [],
            authTime: 1,
            acr: 'acr',
            amr: [],
            sid: 'sid',
          },
          createdAt: 1,
          expiresAt: 2,
        },
      },
    },
  },
})
