import type { ErrorCode, Refusal } from '@signet/protocol'
import type { Client } from './clients/client.ts'
import type { Seconds } from './store/values.ts'

/** A request a client sends directly, as the transport found it: nothing parsed, nothing merged, nothing lost. */
export interface BackChannelRequest {
  readonly contentType: string | undefined
  readonly body: string
  /** Every `Authorization` header field, in order. */
  readonly authorization: readonly string[]
  /** Every `DPoP` header field, in order. */
  readonly dpop: readonly string[]
  /** The `Accept` header, where it decides the form of the answer. */
  readonly accept?: string
  /** Absent: the request came to the plain endpoints. */
  readonly mutualTls?: MutualTls
}

/** A request came to the alias of an endpoint, which asks for a certificate (RFC 8705 §5). */
export interface MutualTls {
  /** DER, the one whose key the other end has proved to hold first; empty when it showed none. */
  readonly chain: readonly Uint8Array[]
}

/** A request with an access token. */
export interface ResourceRequest {
  readonly method: string
  readonly authorization: readonly string[]
  readonly dpop: readonly string[]
  /** Names of query and form parameters, to see a token sent where none is taken. */
  readonly parameterNames: readonly string[]
  /** Absent: the request came to the plain endpoint. */
  readonly mutualTls?: MutualTls
}

/** What a browser brings to the authorization endpoint. */
export interface FrontChannelRequest {
  /** The raw query (or form body of a POST), without the question mark. */
  readonly query: string
  readonly cookies: BrowserCookies
}

/** The two secrets a browser keeps for a service; either may be absent, or stale, or made up. */
export interface BrowserCookies {
  /** Says which browser this is; no identity. */
  readonly browser: string | undefined
  readonly session: string | undefined
}

/** The outcome of any step whose rules were not respected. */
export interface RefusedOutcome {
  readonly action: 'refused'
  readonly refusal: Refusal
  /** Under which the audit explains it. */
  readonly eventId: string
  /** A nonce to try again with, when nonces are in use. */
  readonly dpopNonce?: string
  /** At a resource: what the challenge needs. */
  readonly challenge?: {
    /** How tokens of this server can be used at this endpoint. */
    readonly schemes: readonly ('DPoP' | 'Bearer')[]
    readonly error?: ErrorCode
    readonly scope?: string
  }
}

/** Something a client gets; `dpopNonce` when nonces are in use. */
interface WithNonce {
  readonly dpopNonce?: string
}

export interface Pushed extends WithNonce {
  readonly action: 'created'
  readonly requestUri: string
  readonly expiresIn: Seconds
}

export interface TokensIssued extends WithNonce {
  readonly action: 'issued'
  readonly response: TokenResponse
}

/** RFC 6749 §5.1 by the names of the wire. */
export interface TokenResponse {
  readonly access_token: string
  readonly token_type: 'DPoP' | 'Bearer'
  readonly expires_in: Seconds
  readonly scope?: string
  readonly refresh_token?: string
  readonly id_token?: string
}

export interface Introspected {
  readonly action: 'introspected'
  /**
   * RFC 7662 §2.2; `{ active: false }` and nothing else when the token is not for the caller. Or the same as a JWT (RFC 9701
   * §5), where the caller accepts it.
   */
  readonly body: { readonly json: Readonly<Record<string, unknown>> } | { readonly jwt: string }
}

export interface Revoked {
  readonly action: 'revoked'
}

export interface UserinfoGiven extends WithNonce {
  readonly action: 'userinfo'
  /** The claims, or a signed JWT for a client that registered an algorithm. */
  readonly body: { readonly json: Readonly<Record<string, unknown>> } | { readonly jwt: string }
}

/** The user has to do something first: show `/interaction/<id>` in this browser. */
export interface Interact {
  readonly action: 'interact'
  readonly interactionId: string
  /** To be set as the browser's cookie when it brought none that fits. */
  readonly browser?: string
}

/** Send the browser back to the client; the whole location, with `iss`. */
export interface RedirectToClient {
  readonly action: 'redirect'
  readonly location: string
  /** When the redirect tells the client of an error, the event that explains it. */
  readonly eventId?: string
}

/** Have the browser post the response to the client (Form Post Response Mode §2). */
export interface FormPostToClient {
  readonly action: 'form-post'
  readonly redirectUri: string
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** When the response tells of an error, the event that explains it. */
  readonly eventId?: string
}

/** An authorization response, on its way through the browser. */
export type ResponseToClient = RedirectToClient | FormPostToClient

/** Tell the person; no redirect, because there is nowhere trustworthy to redirect to. */
export interface ErrorPage {
  readonly action: 'page'
  readonly kind: 'request' | 'expired' | 'client' | 'cookie'
  readonly refusal: Refusal
  readonly eventId: string
}

/** Ask the user to log in. */
export interface LoginNeeded {
  readonly action: 'login'
  readonly client: Client
  readonly redirectUri: string
  readonly loginHint?: string
  readonly uiLocales?: string
}

/** Ask the user to consent. */
export interface ConsentNeeded {
  readonly action: 'consent'
  readonly client: Client
  readonly redirectUri: string
  readonly subject: string
  readonly scopes: readonly { readonly name: string; readonly isNew: boolean }[]
  readonly resources: readonly string[]
  readonly uiLocales?: string
}

/** The user is known now: set the session cookie, then show the interaction again. */
export interface LoggedIn {
  readonly action: 'logged-in'
  readonly session: string
  readonly expiresIn: Seconds
}

export interface LoggedOut {
  readonly action: 'logged-out'
  /** Where to go, when the client registered it and proved itself by its hint. */
  readonly location?: string
  readonly clientName?: string
}

/** Ask the user whether to log out. */
export interface LogoutConfirmation {
  readonly action: 'confirm-logout'
  readonly clientName?: string
}
