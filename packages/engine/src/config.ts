import type { Algorithm, KeyManagement } from '@signet/protocol'
import type { ResponseMode } from './response-modes.ts'
import type { Seconds } from './store/values.ts'

/** One authorization server: everything about it that an operator decides, checked by `config.rules.ts`. */
export interface Service {
  /** https, without query or fragment; a path is allowed. Every URL below begins with it. */
  readonly issuer: string
  /** Shown on pages. */
  readonly name: string
  readonly endpoints: Endpoints
  readonly lifetimes: Lifetimes
  readonly dpop: { readonly nonce: 'off' | 'required' }
  readonly statusList: StatusListPolicy
  /** Scopes beside those of OpenID Connect, by name. */
  readonly scopes: Readonly<Record<string, Scope>>
  /** What access tokens can be for (RFC 8707). */
  readonly resources: readonly Resource[]
  /** What a token is for when the client names no resource; one of `resources`, or the issuer itself (its userinfo). */
  readonly defaultResource: string
  /** The algorithms the service has keys for, the preferred first. */
  readonly signingAlgorithms: readonly Algorithm[]
  /** Whether every client has to sign its authorization requests (FAPI 2.0 Message Signing §5.3.1); some may have to anyway. */
  readonly requireSignedRequests: boolean
  /** How authorization responses may be sent. Only signed ones: every client has to take them so (§5.4.1). */
  readonly responseModes: readonly ResponseMode[]
  /** How request objects may be encrypted; the service has keys for these. None: encrypted ones are not taken. */
  readonly requestObjectEncryption: readonly KeyManagement[]
  /** Absent: no client certificates are taken. */
  readonly mtls?: MutualTlsPolicy
}

/** How clients may use certificates (RFC 8705). */
export interface MutualTlsPolicy {
  /** The aliases of endpoints that ask for a certificate. */
  readonly endpoints: MutualTlsEndpoints
  /** PEM. Who may issue the certificates of `tls_client_auth`; intermediate authorities too. */
  readonly trustedAuthorities: readonly string[]
}

/** Endpoints that clients call directly. */
export type MutualTlsEndpoints = Pick<
  Endpoints,
  'pushedAuthorizationRequest' | 'token' | 'introspection' | 'revocation' | 'userinfo'
>

export interface Endpoints {
  readonly pushedAuthorizationRequest: string
  readonly authorization: string
  readonly token: string
  readonly introspection: string
  readonly revocation: string
  readonly userinfo: string
  readonly jwks: string
  readonly endSession: string
  /** Followed by the number of a list. */
  readonly statusLists: string
  /** Followed by an event id. */
  readonly errors: string
  /** Followed by an interaction id. */
  readonly interaction: string
}

export interface Lifetimes {
  readonly pushedRequest: Seconds
  /** From the authorization endpoint to the user's decision. */
  readonly interaction: Seconds
  readonly code: Seconds
  readonly accessToken: Seconds
  readonly refreshToken: Seconds
  readonly idToken: Seconds
  readonly session: Seconds
}

/** Whether revoked access tokens are published as Token Status Lists. */
export interface StatusListPolicy {
  /** Whether access tokens name their place in a list. Lists that are named already stay published as long as they matter. */
  readonly enabled: boolean
  /** How long others may keep a list before they fetch it again: how late they may notice a revocation. */
  readonly ttl: Seconds
}

export interface Scope {
  readonly description: { readonly en: string; readonly de?: string }
}

/** An API that takes our tokens. */
export interface Resource {
  /** An absolute URI without fragment: the `resource` parameter and the `aud` claim. */
  readonly identifier: string
  /** The scopes its tokens may carry; absent: any. */
  readonly scopes?: readonly string[]
  /** The clients that are this API and may introspect its tokens. */
  readonly introspectionClients: readonly string[]
}

/** Where the aliases are: the paths of the issuer at another origin. */
export function mutualTlsEndpointsOf(issuer: string, origin: string): MutualTlsEndpoints {
  const { pathname } = new URL(issuer)
  const { pushedAuthorizationRequest, token, introspection, revocation, userinfo } = endpointsOf(
    `${new URL(origin).origin}${pathname}`,
  )
  return { pushedAuthorizationRequest, token, introspection, revocation, userinfo }
}

/** Where everything is, below the issuer. */
export function endpointsOf(issuer: string): Endpoints {
  const base = issuer.endsWith('/') ? issuer.slice(0, -1) : issuer
  return {
    pushedAuthorizationRequest: `${base}/par`,
    authorization: `${base}/authorize`,
    token: `${base}/token`,
    introspection: `${base}/introspect`,
    revocation: `${base}/revoke`,
    userinfo: `${base}/userinfo`,
    jwks: `${base}/jwks`,
    endSession: `${base}/logout`,
    statusLists: `${base}/status-lists`,
    errors: `${base}/errors`,
    interaction: `${base}/interaction`,
  }
}
