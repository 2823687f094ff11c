import { proveRule } from '@signet/protocol/testing'
import { createStage } from '../testing/index.ts'
import {
  accessRules,
  resourcePossessionRules,
  schemeRules,
  type Access,
  type ResourcePossession,
} from './userinfo.rules.ts'

proveRule(schemeRules, 'DPOP-RS-02', {
  good: { scheme: 'dpop' },
  refuses: { 'the Bearer scheme': { scheme: 'bearer' } },
})

const proof = { jkt: 'thumbprint', jti: 'jti', iat: 1, until: 2, digest: 'digest' }

proveRule<ResourcePossession, ResourcePossession>(resourcePossessionRules, 'DPOP-RS-01', {
  good: { proof },
  refuses: { 'a token without a proof': { proof: undefined } },
})

const { client } = createStage().app

const access: Access = {
  scopes: ['openid'],
  revoked: false,
  client,
  known: {},
  grant: {
    id: 'grant',
    authorization: {
      clientId: client.id,
      subject: 'alice',
      scopes: ['openid'],
      resources: [],
      authTime: 1,
      acr: 'acr',
      amr: [],
      sid: 'sid',
    },
    createdAt: 1,
    expiresAt: 2,
  },
}

const having = (change: Partial<Access>): Access => ({ ...access, ...change })

proveRule(accessRules, 'SP-RS-04', {
  good: access,
  refuses: {
    'a token without scope openid': having({ scopes: ['accounts', 'profile'] }),
    'a token of a client for itself': having({ scopes: [], grant: undefined, known: undefined }),
  },
})

proveRule(accessRules, 'SP-RS-03', {
  good: access,
  refuses: { 'a revoked token': having({ revoked: true }) },
})

proveRule(accessRules, 'SP-AS-03', {
  good: access,
  refuses: { 'a token of a disabled client': having({ client: undefined }) },
})

proveRule(accessRules, 'BCP-16', {
  good: access,
  refuses: { 'a token whose grant is over': having({ grant: undefined }) },
})

proveRule(accessRules, 'OIDC-15', {
  good: access,
  refuses: { 'a token of a user who is gone': having({ known: undefined }) },
})
