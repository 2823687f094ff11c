import type { AcceptedParameters } from '../authorization-parameters.ts'
import type { Authorization } from './durable.ts'
import type { StatusPosition } from './status-lists.ts'
import type { Digest, Seconds } from './values.ts'

// What ends by itself, and may be lost without harm to what was granted.

/** What a client pushed, until the user has decided. */
export interface PushedRequest {
  /** Of the whole `request_uri`. */
  readonly digest: Digest
  readonly clientId: string
  readonly parameters: AcceptedParameters
  /** From then on the `request_uri` opens nothing. */
  readonly expiresAt: Seconds
  /** From then on the row may be swept; later than `expiresAt`, so that a login begun in time can end. */
  readonly keptUntil: Seconds
}

export interface PushedRequests {
  put(request: PushedRequest): Promise<void>
  /** The request, whether expired or not; undefined once it was claimed or swept. */
  peek(digest: Digest): Promise<PushedRequest | undefined>
  /** Ends the request. True for exactly one caller. */
  claim(digest: Digest): Promise<boolean>
}

/** A login or consent under way in one browser. */
export interface Interaction {
  readonly digest: Digest
  readonly pushedRequest: Digest
  /** Of the cookie of the browser that began. */
  readonly browser: Digest
  /** The session the browser came with, if any: whoever has another one now has logged in since. */
  readonly enteredWith?: Digest
  readonly startedAt: Seconds
  readonly expiresAt: Seconds
}

export interface Interactions {
  put(interaction: Interaction): Promise<void>
  /** The interaction, whether expired or not; undefined once it was deleted or swept. */
  get(digest: Digest): Promise<Interaction | undefined>
  delete(digest: Digest): Promise<void>
}

export interface AuthorizationCode {
  readonly digest: Digest
  /** The grant that redemption will create, and reuse revoke. */
  readonly grantId: string
  readonly authorization: Authorization
  readonly redirectUri: string
  readonly codeChallenge: string
  readonly dpopJkt?: string
  readonly nonce?: string
  /** That of the grant to be: fixed so early that reuse of the code can revoke it whoever comes first. */
  readonly status?: StatusPosition
  readonly expiresAt: Seconds
  /** How long a redeemed code is remembered, so that its reuse is noticed: as long as what it gave may live. */
  readonly keptUntil: Seconds
}

export interface Codes {
  /** A code that was redeemed stays so. */
  put(code: AuthorizationCode): Promise<void>
  /** The code, whether redeemed, expired or neither. */
  peek(digest: Digest): Promise<AuthorizationCode | undefined>
  /** All codes of a user that are not swept, redeemed or not. For administration: it may take long. */
  ofSubject(subject: string): Promise<readonly AuthorizationCode[]>
  /** Marks the code as used. True for exactly one caller. */
  redeem(digest: Digest): Promise<boolean>
}

/** A statement that may be used once: the digest of who made it and its `jti`, and until when it would be believed. */
export interface Mark {
  readonly digest: Digest
  readonly until: Seconds
}

export interface Replay {
  /** Marks all, or none; answers the first that was marked before, or undefined when all were new. Fails closed. */
  first(marks: readonly Mark[]): Promise<Mark | undefined>
}

/** How often something may be tried: `burst` at once, then one more each `refill` seconds. */
export interface AttemptPolicy {
  readonly burst: number
  readonly refill: Seconds
}

export interface Attempts {
  /** Takes one attempt. Zero: go on; otherwise the seconds to wait, and nothing was taken. */
  take(key: Digest, policy: AttemptPolicy, now: Seconds): Promise<Seconds>
  /** Gives back all attempts, after a success. */
  clear(key: Digest): Promise<void>
}
