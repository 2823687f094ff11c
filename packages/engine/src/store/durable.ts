import type { StatusPosition } from './status-lists.ts'
import type { Digest, Page, Seconds } from './values.ts'

// What was granted, and what was taken back: never lost once it was acknowledged.

/** What the user allowed, and how the user was known. */
export interface Authorization {
  readonly clientId: string
  readonly subject: string
  readonly scopes: readonly string[]
  /** Resource indicators the client may name at the token endpoint (RFC 8707); empty: the service's default. */
  readonly resources: readonly string[]
  /** The `claims` parameter as JSON (OIDC Core 5.5). */
  readonly claims?: string
  readonly authTime: Seconds
  readonly acr: string
  readonly amr: readonly string[]
  /** The public id of the session, as in the `sid` claim. */
  readonly sid: string
}

export interface Session {
  /** Of the cookie. */
  readonly digest: Digest
  /** Public, as in the `sid` claim. */
  readonly sid: string
  readonly subject: string
  readonly authTime: Seconds
  readonly acr: string
  readonly amr: readonly string[]
  /** The clients that want to be told of its end, and got something from it. */
  readonly clients?: readonly string[]
  readonly expiresAt: Seconds
}

export interface Sessions {
  put(session: Session): Promise<void>
  /** Undefined once it expired. */
  get(digest: Digest): Promise<Session | undefined>
  /** Adds a client to those of the session, unless the session ended. */
  join(digest: Digest, clientId: string): Promise<void>
  /** Ends the session, and gives what it was to exactly one caller; nothing when it expired before. */
  delete(digest: Digest): Promise<Session | undefined>
  /** All sessions of a user that go on. For administration: it may take long. */
  ofSubject(subject: string): Promise<readonly Session[]>
  /** Those that are not swept, ended or not. */
  list(page: Page): Promise<readonly Session[]>
}

/** What a user has allowed a client before. */
export interface Consent {
  readonly subject: string
  readonly clientId: string
  readonly scopes: readonly string[]
  readonly resources: readonly string[]
  readonly updatedAt: Seconds
}

export interface Consents {
  get(subject: string, clientId: string): Promise<Consent | undefined>
  /** Replaces what was there. */
  put(consent: Consent): Promise<void>
  list(page: Page<ConsentName>): Promise<readonly Consent[]>
}

/** What a consent is found by. */
export type ConsentName = Pick<Consent, 'subject' | 'clientId'>

/** One authorization that was redeemed. It holds its refresh token too, because there is one and it is not rotated. */
export interface Grant {
  readonly id: string
  readonly authorization: Authorization
  /** Of the refresh token, if one was issued. */
  readonly refreshToken?: Digest
  /** Where its access tokens say whether they were revoked; absent: they do not say it, or have none yet. */
  readonly status?: StatusPosition
  readonly createdAt: Seconds
  /** From then on nothing can be refreshed, and the row may be swept. */
  readonly expiresAt: Seconds
}

export interface Grants {
  put(grant: Grant): Promise<void>
  /** The grant, whether expired or not, revoked or not; undefined once it was swept. */
  get(id: string): Promise<Grant | undefined>
  /** All grants of a user that are not swept. For administration: it may take long. */
  ofSubject(subject: string): Promise<readonly Grant[]>
  /** Those that are not swept, expired or not. */
  list(page: Page): Promise<readonly Grant[]>
  /** Gives a grant the status `to` if it has `from`, and answers the one it has then; undefined when the grant is unknown. */
  replaceStatus(id: string, change: StatusChange): Promise<StatusPosition | undefined>
}

export interface StatusChange {
  /** Undefined: none yet. */
  readonly from: StatusPosition | undefined
  readonly to: StatusPosition
}

/** What an opaque access token stands for; the same members a JWT would carry. */
export interface OpaqueToken {
  readonly digest: Digest
  /** The claims a JWT access token would carry. */
  readonly claims: string
  readonly expiresAt: Seconds
}

export interface OpaqueTokens {
  put(token: OpaqueToken): Promise<void>
  /** The token, whether expired or not; undefined once it was swept. */
  get(digest: Digest): Promise<OpaqueToken | undefined>
}

export interface Revocations {
  /**
   * Marks a grant id or a token's `jti` as revoked, whether or not anything with that name is known. Said twice, the later
   * `until` counts.
   */
  add(id: string, until: Seconds): Promise<void>
  /** Whether any of these was revoked. */
  anyOf(ids: readonly string[]): Promise<boolean>
  /** Those that are not swept. */
  list(page: Page): Promise<readonly Revocation[]>
}

export interface Revocation {
  readonly id: string
  readonly until: Seconds
}
