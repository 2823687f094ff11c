import { proveRule } from '@signet/protocol/testing'
import type { Grant } from '../store/durable.ts'
import { createStage } from '../testing/index.ts'
import { narrowingRules, refreshRules, type Narrowing, type Refresh } from './refresh.rules.ts'

const { client } = createStage().app

const grant: Grant = {
  id: 'grant',
  authorization: {
    clientId: client.id,
    subject: 'alice',
    scopes: ['accounts'],
    resources: [],
    authTime: 1,
    acr: 'acr',
    amr: [],
    sid: 'sid',
  },
  refreshToken: 'digest',
  createdAt: 1,
  expiresAt: 100,
}

const good: Refresh = {
  client,
  presented: true,
  grant,
  revoked: false,
  known: {},
  now: 99,
}

const bringing = (change: Partial<Refresh>): Refresh => ({ ...good, ...change })

proveRule(refreshRules, 'OAU-05', {
  good,
  refuses: {
    'a request without a refresh token': bringing({ presented: false, grant: undefined }),
  },
})

proveRule(refreshRules, 'SP-CR-06', {
  good,
  refuses: { 'a token nobody knows': bringing({ grant: undefined, known: undefined }) },
})

proveRule(refreshRules, 'OAU-06', {
  good,
  refuses: {
    'a token of another client': bringing({
      grant: { ...grant, authorization: { ...grant.authorization, clientId: 'other' } },
    }),
  },
})

proveRule(refreshRules, 'BCP-16', {
  good,
  refuses: {
    'a token in the second its grant expires': bringing({ now: 100 }),
    'a token of a grant that expired long ago': bringing({ now: 1_000 }),
  },
})

proveRule(refreshRules, 'REV-03', {
  good,
  refuses: { 'a token of a revoked grant': bringing({ revoked: true }) },
})

proveRule(refreshRules, 'OIDC-15', {
  good,
  refuses: { 'a token of a user who is gone': bringing({ known: undefined }) },
})

proveRule<Narrowing, Narrowing>(narrowingRules, 'OAU-06', {
  good: { granted: ['accounts', 'payments'], requested: ['accounts'] },
  refuses: {
    'a scope that was not granted': { granted: ['accounts'], requested: ['accounts', 'payments'] },
    'openid for a grant without it': { granted: ['accounts'], requested: ['openid'] },
  },
})
