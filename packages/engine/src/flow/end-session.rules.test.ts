import { proveRule } from '@signet/protocol/testing'
import { logoutRules, type Logout } from './end-session.rules.ts'
import { app, ISSUER } from './testing/scene.ts'

const good: Logout = {
  hint: { iss: ISSUER, sub: 'alice', aud: 'app', iat: 1, exp: 2 },
  clientId: 'app',
  client: app,
  postLogoutRedirectUri: 'https://app.example/bye?lang=de',
}

proveRule(logoutRules, 'LOG-03', {
  good,
  refuses: { 'a hint of another client': { ...good, clientId: 'other' } },
})

proveRule(logoutRules, 'LOG-02', {
  good,
  refuses: {
    'a URI that is not registered': { ...good, postLogoutRedirectUri: 'https://evil.example/' },
    'a registered URI with more query': {
      ...good,
      postLogoutRedirectUri: 'https://app.example/bye?lang=de&next=https://evil.example',
    },
    'a registered URI without its query': {
      ...good,
      postLogoutRedirectUri: 'https://app.example/bye',
    },
    'a redirect_uri, which is for codes': { ...good, postLogoutRedirectUri: app.redirectUris[0] },
    'a URI of a client that is gone': { ...good, client: undefined },
    'a URI that only client_id vouches for': {
      ...good,
      hint: undefined,
      postLogoutRedirectUri: 'https://evil.example/',
    },
    'a URI of an unknown client_id': { ...good, hint: undefined, client: undefined },
  },
})
