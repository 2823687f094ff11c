/** The little of oidc-provider, which brings no types, that the tests touch. */
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http'

  interface Session {
    readonly jti: string
    readonly loginAccount: (details: { readonly accountId: string }) => void
    readonly ensureClientContainer: (clientId: string) => void
    readonly grantIdFor: (clientId: string, grantId: string) => void
    readonly save: (seconds: number) => Promise<string>
  }

  interface Grant {
    readonly addOIDCScope: (scope: string) => void
    readonly addResourceScope: (resource: string, scope: string) => void
    readonly save: () => Promise<string>
  }

  export class Provider {
    constructor(issuer: string, configuration: object)
    readonly callback: () => RequestListener
    readonly cookieName: (of: 'session') => string
    readonly Session: new () => Session
    readonly Grant: new (of: { readonly accountId: string; readonly clientId: string }) => Grant
  }
}
