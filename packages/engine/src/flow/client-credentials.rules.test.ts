import { proveRule } from '@signet/protocol/testing'
import { createStage, SERVICE } from '../testing/index.ts'
import { clientCredentialsRules, type OwnRequest } from './client-credentials.rules.ts'

const { client } = createStage().app

const asking = (...scopes: readonly string[]): OwnRequest => ({ service: SERVICE, client, scopes })

proveRule(clientCredentialsRules, 'SP-AS-14', {
  good: asking('accounts'),
  refuses: {
    'a scope the client is not registered for': asking('accounts', 'admin'),
    'a scope the service has no more': {
      ...asking('accounts'),
      service: { ...SERVICE, scopes: {} },
    },
    'a scope of OpenID Connect the client is not registered for': asking('phone'),
  },
})

proveRule(clientCredentialsRules, 'SP-ID-01', {
  good: asking(),
  refuses: {
    openid: asking('openid'),
    'openid among others': asking('accounts', 'openid'),
    offline_access: asking('accounts', 'offline_access'),
    profile: asking('profile'),
  },
})
