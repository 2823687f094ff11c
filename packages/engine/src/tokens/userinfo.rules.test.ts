import { proveRule } from '@signet/protocol/testing'
import { createStage } from '../testing/index.ts'
import {
  accessRules,
  bindingRules,
  resourcePossessionRules,
  type Access,
  type ResourcePossession,
} from './userinfo.rules.ts'

const byKey = { scheme: 'dpop', cnf: { jkt: 'key' }, certificate: undefined } as const
const bound = { scheme: 'bearer', cnf: { 'x5t#S256': 'one' }, certificate: 'one' } as const

proveRule(bindingRules, 'DPOP-RS-02', {
  good: byKey,
  refuses: {
    'the Bearer scheme': { ...byKey, scheme: 'bearer' },
    'the Bearer scheme, over a connection with a certificate': {
      ...byKey,
      scheme: 'bearer',
      certificate: 'key',
    },
  },
})

proveRule(bindingRules, 'SP-RS-01', {
  good: bound,
  refuses: { 'the DPoP scheme for a token of a certificate': { ...bound, scheme: 'dpop' } },
})

proveRule(bindingRules, 'MTLS-06', {
  good: bound,
  refuses: {
    'no certificate': { ...bound, certificate: undefined },
    'another certificate': { ...bound, certificate: 'two' },
  },
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
