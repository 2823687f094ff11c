import { proveRule } from '@signet/protocol/testing'
import { detailRules, requirementRules, type RequestedAccess } from './requirements.rules.ts'

const good: RequestedAccess = {
  claims: { scope: 'a b', acr: 'gold', auth_time: 100 },
  requirements: { requireScopes: ['a'], requireAcr: { acr: ['gold'], maxAge: 10 } },
  request: { method: 'GET', target: '/', headers: [] },
  now: 110,
}
const saying = (claims: object): RequestedAccess => ({
  ...good,
  claims: { ...good.claims, ...claims },
})

proveRule(requirementRules, 'SP-RS-04', {
  good,
  refuses: {
    'no scope': saying({ scope: undefined }),
    'a scope that is no text': saying({ scope: ['a'] }),
    'another scope': saying({ scope: 'ab A' }),
  },
})

proveRule(requirementRules, 'STEP-01', {
  good,
  refuses: {
    'another acr': saying({ acr: 'bronze' }),
    'no acr': saying({ acr: undefined }),
    'an old login': saying({ auth_time: 99 }),
    'a login without a date': saying({ auth_time: undefined }),
    'a login dated with text': saying({ auth_time: '110' }),
  },
})

const detailed: RequestedAccess = {
  ...good,
  claims: { authorization_details: [{ type: 'payment' }] },
  requirements: {
    requireAuthorizationDetails: (all) => all.some(({ type }) => type === 'payment'),
  },
}

proveRule(detailRules, 'SP-RS-04', {
  good: detailed,
  refuses: {
    'no details': { ...detailed, claims: {} },
    'other details': { ...detailed, claims: { authorization_details: [{ type: 'account' }, 'x'] } },
    'details that are no list': {
      ...detailed,
      claims: { authorization_details: { type: 'payment' } },
    },
  },
})
