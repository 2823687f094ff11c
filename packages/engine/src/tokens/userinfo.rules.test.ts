import assert from 'node:assert/strict'
import { test } from 'node:test'
import { proveRule } from '@signet/protocol/testing'
import { createStage } from '../testing/index.ts'
import {
  accessRules,
  presentationRules,
  resourcePossessionRules,
  tokenOf,
  type Access,
  type Presentation,
  type ResourcePossession,
} from './userinfo.rules.ts'

const presenting = (authorization: readonly string[], ...names: string[]): Presentation => ({
  authorization,
  parameterNames: names,
})

const good = presenting(['DPoP abc.def_-~+/=='])

proveRule(presentationRules, 'OAU-10', {
  good,
  refuses: {
    'two headers': presenting(['DPoP one', 'DPoP two']),
    'two equal headers': presenting(['DPoP one', 'DPoP one']),
    'a header and a parameter': presenting(['DPoP one'], 'access_token'),
  },
})

proveRule(presentationRules, 'SP-RS-02', {
  good,
  refuses: { 'a token in the query or the body': presenting([], 'fields', 'access_token') },
})

proveRule(presentationRules, 'OAU-09', {
  good,
  refuses: {
    'no credentials': presenting([]),
    'an empty header': presenting(['']),
    'credentials of another scheme': presenting(['Basic YWxpY2U6c2VjcmV0']),
    'a scheme that only begins like ours': presenting(['DPoPed token']),
  },
})

proveRule(presentationRules, 'DPOP-RS-02', {
  good,
  refuses: {
    'the Bearer scheme': presenting(['Bearer token']),
    'the Bearer scheme in another case': presenting(['bEARER token']),
    'the Bearer scheme alone': presenting(['Bearer']),
  },
})

proveRule(presentationRules, 'SP-RS-01', {
  good,
  refuses: {
    'a scheme without a token': presenting(['DPoP']),
    'a scheme and spaces': presenting(['DPoP   ']),
    'two tokens': presenting(['DPoP one two']),
    'two joined headers': presenting(['DPoP one, DPoP two']),
    'a quoted token': presenting(['DPoP "one"']),
    'characters beyond ASCII': presenting(['DPoP töken']),
  },
})

test('SP-RS-01 takes the scheme in any case', () => {
  for (const scheme of ['DPoP', 'dpop', 'DPOP']) assert.equal(tokenOf([`${scheme} abc`]), 'abc')
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
