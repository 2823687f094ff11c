import type {
  Algorithm,
  CertificateAuthentication,
  ContentEncryption,
  KeyManagement,
} from '@signet/protocol'
import type { ResponseMode } from '../response-modes.ts'

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
  readonly authentication: ClientAuthentication
  /** What its access tokens are bound to. */
  readonly senderConstraint: 'dpop' | 'mtls'
  /** How it may ask for authorization responses. */
  readonly responseModes: ReadonlySet<ResponseMode>
  readonly requestObject: RequestObjectPolicy
  /** Where its public keys are. */
  readonly keys: { readonly jwks: unknown } | { readonly jwksUri: string }
  readonly accessTokenFormat: 'jwt' | 'opaque'
  readonly idToken: SignedAnswer
  /** Absent: userinfo answers in JSON. */
  readonly userinfo?: SignedAnswer
  readonly authorizationResponse: SignedAnswer
  /** Of introspection responses, where the client asks for a JWT. */
  readonly introspectionResponse: SignedAnswer
  readonly defaultMaxAge?: number
  readonly requireAuthTime: boolean
  readonly defaultAcrValues: readonly string[]
}

/** The one way a client authenticates. */
export type ClientAuthentication =
  | {
      readonly method: 'private_key_jwt'
      /** The only algorithm of its assertions, if it registered one. */
      readonly algorithm?: Algorithm
    }
  | CertificateAuthentication

export interface RequestObjectPolicy {
  /** Whether unsigned requests are refused (RFC 9101 §10.5). */
  readonly required: boolean
  /** The only algorithm of its request objects, if it registered one. */
  readonly algorithm?: Algorithm
  /** How it encrypts them, if it registered that: others are refused then, and unencrypted ones too. */
  readonly encryption?: Encryption
}

/** How something is signed for a client, and then encrypted, if it wants that. */
export interface SignedAnswer {
  readonly algorithm: Algorithm
  readonly encryption?: Encryption
}

export interface Encryption {
  readonly alg: KeyManagement
  readonly enc: ContentEncryption
}
