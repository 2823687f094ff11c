import { proveRule } from '@signet/protocol/testing'
import { permissionRules } from './decide.rules.ts'
import { app, parameters } from './testing/scene.ts'

const good = { client: app, parameters }

proveRule(permissionRules, 'PAR-13', {
  good,
  refuses: {
    'a client that lost the code flow': {
      ...good,
      client: { ...app, grantTypes: new Set(['refresh_token'] as const) },
    },
  },
})

proveRule(permissionRules, 'SP-AS-14', {
  good,
  refuses: {
    'a scope that the client lost': { ...good, client: { ...app, scopes: new Set(['openid']) } },
    'a scope in another case': { ...good, parameters: { ...parameters, scope: 'openid Accounts' } },
  },
})
