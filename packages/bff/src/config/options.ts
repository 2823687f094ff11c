import type { ContentEncryption, KeyManagement, Seconds } from '@signet/protocol'
import type { Buffer } from 'node:buffer'
import type { OnEvent } from '../events.ts'
import type { SessionStore } from '../sessions/port.ts'

export interface Clock {
  /** Seconds since 1970. */
  now(): Seconds
}

/** Whose access token a call gets. */
export type TokenKind = 'user' | 'client' | 'user-or-none' | 'none'

/** The keys an API signs its answers with: as they are, or where they are published. */
export type ResponseKeys =
  | { readonly jwks: { readonly keys: readonly object[] }; readonly jwksUri?: undefined }
  | { readonly jwksUri: string; readonly jwks?: undefined }

/** One API that the frontend may call; everything else is not reachable. */
export interface RouteOptions {
  /** The path below which the route begins, such as `/api/`. */
  readonly match: string
  /** Where it leads, such as `https://api.example/v1/`. */
  readonly target: string
  readonly token: TokenKind
  /** Fewer scopes than the login asked for: the route gets an access token of its own. */
  readonly scopes?: readonly string[]
  /** @see RFC 8707 */
  readonly resource?: string
  readonly methods?: readonly string[]
  /** Request headers that pass besides the common ones. */
  readonly requestHeaders?: readonly string[]
  /** Takes WebSockets; they cannot carry `X-CSRF`, so their `Origin` must be the frontend's. */
  readonly webSocket?: boolean
  /** Takes event streams of `EventSource`, which cannot send `X-CSRF`, from the same origin. */
  readonly eventStream?: boolean
  /** Only where no token is added: lets calls pass without `X-CSRF`, for what is public. */
  readonly csrf?: boolean
  /**
   * Signs each call, its token and its body with the first key of the client. Bodies are held in memory for it.
   *
   * @see FAPI 2.0 HTTP Signatures §5.3.1.1
   */
  readonly signedRequest?: boolean
  /**
   * Takes answers only that the API has signed, errors too, and holds each in memory until that is proved.
   *
   * @see FAPI 2.0 HTTP Signatures §5.3.2.2
   */
  readonly signedResponse?: boolean
  /** For `signedResponse`. */
  readonly responseKeys?: ResponseKeys
  /** How long the API may be silent before it answers. */
  readonly timeout?: Seconds
}

/** One browser app, found by its host and path. */
export interface FrontendOptions {
  /** Lower-case letters, digits and hyphens; names the cookies. */
  readonly name: string
  /** Where browsers see it. All URLs, the redirect URI among them, are built from this. */
  readonly publicOrigin: string
  /** `host`: the Host header, if a proxy changes it. `path`: the folder of this app, if several share an origin. */
  readonly match?: { readonly host?: string; readonly path?: string }
  readonly basePath?: string
  readonly scopes: readonly string[]
  /** Which `acr` a login may ask for. */
  readonly acrValues?: readonly string[]
  /** For servers that give a refresh token only after asking: `consent`. */
  readonly prompt?: 'consent' | 'login' | 'select_account'
  readonly postLogoutPath?: string
  /** Where a login that failed leads, with `error=`; a page of ours otherwise. */
  readonly errorPath?: string
  /** The folder with the files of the app; `index.html` answers every other navigation. */
  readonly static?: string
  readonly contentSecurityPolicy?: string
  readonly routes?: readonly RouteOptions[]
}

/** A set of settings that belong together. An option may ask for more than its profile, never for less. */
export type Profile = 'fapi2-security' | 'fapi2-message-signing'

/** How the client tells the authorization server who it is. @see FAPI 2.0 Security Profile §5.3.3.1-2 */
export type ClientAuthentication =
  'private_key_jwt' | 'tls_client_auth' | 'self_signed_tls_client_auth'

/** What access tokens are bound to. @see FAPI 2.0 Security Profile §5.3.3.1-1 */
export type SenderConstraint = 'dpop' | 'mtls'

export interface ClientOptions {
  readonly client_id: string
  /** Private JWKs for ES256, PS256 or Ed25519. The first signs; a client that signs nothing needs none. */
  readonly keys?: readonly object[]
  /** PEM, the certificate of the client first. Shown to endpoints and APIs that need it, and to nobody else. */
  readonly tls?: { readonly certificate: string; readonly key: string }
  readonly authentication?: ClientAuthentication
  readonly senderConstraint?: SenderConstraint
  /**
   * Calls the endpoints that ask for certificates, where the server has some. So does every client that authenticates or
   * binds its tokens by certificate.
   *
   * @see FAPI 2.0 Security Profile §5.2.2.1
   */
  readonly useMtlsEndpointAliases?: boolean
  /** Private JWKs, for ID tokens, UserInfo answers and authorization responses that are encrypted to this client. */
  readonly decryptionKeys?: readonly object[]
}

/** How request objects are encrypted, as registered (`request_object_encryption_alg`, `…_enc`). @see RFC 9101 §6.1 */
export interface RequestObjectEncryption {
  readonly alg: KeyManagement
  readonly enc: ContentEncryption
}

export interface BffOptions {
  /** The only server this BFF trusts; everything else about it comes from its metadata. */
  readonly issuer: string
  readonly client: ClientOptions
  readonly frontends: readonly FrontendOptions[]
  readonly sessions: {
    readonly store: SessionStore
    /** How long a session lives without use. */
    readonly sliding?: Seconds
    /** How long a session lives at most. */
    readonly absolute?: Seconds
    /** 32 bytes each: the current one, then those whose sessions still live. */
    readonly keys: readonly Uint8Array[]
  }
  /** The `claims` parameter. @see OpenID Connect Core 1.0 §5.5 */
  readonly requestedClaims?: Readonly<Record<string, unknown>>
  /** Asks for the claims of the UserInfo endpoint at login. */
  readonly userinfo?: boolean
  /** `fapi2-message-signing` signs requests and takes signed responses only. */
  readonly profile?: Profile
  /** Signs the pushed request. @see RFC 9101 */
  readonly requestObject?: boolean
  /** Encrypts the signed request to a key of the server. */
  readonly requestObjectEncryption?: RequestObjectEncryption
  /** Takes signed authorization responses, and no others. @see JARM */
  readonly signedResponse?: boolean
  /** How long the authorization server may take for an answer. */
  readonly timeout?: Seconds
  /** PEM certificates to trust besides those of Node. */
  readonly ca?: string
  /** Shows `/bff/diagnostics`. */
  readonly development?: boolean
  readonly clock?: Clock
  readonly random?: (bytes: number) => Buffer
  readonly onEvent?: OnEvent
}
