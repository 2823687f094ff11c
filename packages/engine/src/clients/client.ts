import type { Algorithm } from '@signet/protocol'

/** Every grant there is: what a client may register, what the token endpoint takes, what metadata lists. */
export const GRANT_TYPES = ['authorization_code', 'refresh_token', 'client_credentials'] as const

export type GrantType = (typeof GRANT_TYPES)[number]

export function isGrantType(name: string): name is GrantType {
  return GRANT_TYPES.some((known) => known === name)
}

/** A confidential client, ready for use: its metadata (RFC 7591) checked, defaults applied. */
export interface Client {
  readonly id: string
  readonly name: string
  /** Shown as plain text only. */
  readonly uri?: string
  readonly redirectUris: readonly string[]
  readonly postLogoutRedirectUris: readonly string[]
  /** Where it wants to be told of the end of a session; every logout token names subject and session. */
  readonly backchannelLogoutUri?: string
  readonly grantTypes: ReadonlySet<GrantType>
  /** The scopes the client may ask for. */
  readonly scopes: ReadonlySet<string>
  /** The only algorithm of its assertions, if it registered one. */
  readonly assertionAlgorithm?: Algorithm
  /** Where its public keys are. */
  readonly keys: { readonly jwks: unknown } | { readonly jwksUri: string }
  readonly accessTokenFormat: 'jwt' | 'opaque'
  readonly idTokenAlgorithm: Algorithm
  /** Absent: userinfo answers in JSON. */
  readonly userinfoAlgorithm?: Algorithm
  readonly defaultMaxAge?: number
  readonly requireAuthTime: boolean
  readonly defaultAcrValues: readonly string[]
}
