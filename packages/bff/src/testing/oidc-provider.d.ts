/** The little of oidc-provider, which brings no types, that a test touches. */
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

  interface Token {
    readonly jkt?: string
    readonly 'x5t#S256'?: string
  }

  interface Tokens {
    readonly find: (value: string) => Promise<Token | undefined>
  }

  export class Provider {
    constructor(issuer: string, configuration: object)
    readonly callback: () => RequestListener
    readonly cookieName: (of: 'session') => string
    readonly on: (event: string, listener: (...values: readonly unknown[]) => void) => void
    readonly AccessToken: Tokens
    readonly ClientCredentials: Tokens
    readonly Session: new () => Session
    readonly Grant: new (of: { readonly accountId: string; readonly clientId: string }) => Grant
  }
}
