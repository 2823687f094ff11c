import type { Seconds } from '@signet/protocol'

/** The store could not be asked. Nothing is known about what it holds; try again. */
export class SessionsUnavailable extends Error {
  override readonly name = 'SessionsUnavailable'
}

/** One browser that is logged in at one frontend. Nothing in it is worth stealing without the keys of the BFF. */
export interface StoredSession {
  /** The digest of what the cookie holds. */
  readonly id: string
  /** Names the session to its owner and in logs; opens nothing. */
  readonly handle: string
  readonly frontend: string
  readonly issuer: string
  readonly subject: string
  /** The session at the authorization server, if it named one. @see OpenID Connect Back-Channel Logout 1.0 §2.1 */
  readonly sid?: string
  readonly userAgent?: string
  readonly createdAt: Seconds
  readonly lastSeenAt: Seconds
  /** When it ends unless it is used before; never after `endsAt`. */
  readonly expiresAt: Seconds
  readonly endsAt: Seconds
  /** How often `sealed` was replaced. */
  readonly version: number
  /** Tokens, keys and claims, encrypted for this `id`. */
  readonly sealed: string
}

/** What a use of a session moves. */
export interface Touch {
  readonly lastSeenAt: Seconds
  readonly expiresAt: Seconds
}

/** The right to refresh the tokens of a session, alone among all processes. */
export interface Lease {
  readonly id: string
  /** Random; who holds the lease. */
  readonly owner: string
  readonly now: Seconds
  readonly until: Seconds
}

/**
 * Where sessions live, whatever holds them. Every verb is atomic, across all processes that share the store, and says who
 * won. Rows are kept for a while after they expire, for logout; whether one is alive is for the caller to judge.
 *
 * @throws SessionsUnavailable from every verb.
 */
export interface SessionStore {
  create(session: StoredSession): Promise<void>
  get(id: string): Promise<StoredSession | undefined>
  /** Replaces what is sealed, if nobody did since `version` was read. @returns whether it did; never brings back what was deleted */
  replace(id: string, version: number, sealed: string): Promise<boolean>
  /** Moves the sliding end; leaves `version` alone. @returns whether the session is there */
  touch(id: string, touch: Touch): Promise<boolean>
  /** @returns whether it was there */
  delete(id: string): Promise<boolean>
  /** The sessions of a session of the authorization server. */
  withSid(issuer: string, sid: string): Promise<readonly StoredSession[]>
  /** The sessions of a person, newest first. */
  ofSubject(issuer: string, subject: string): Promise<readonly StoredSession[]>
  /** Takes the lease if nobody holds it at `now`. @returns whether it did */
  lock(lease: Lease): Promise<boolean>
  /** Gives it back, if this owner still has it. */
  unlock(id: string, owner: string): Promise<void>
  /** Keeps something that is to be taken once: a login or logout under way. */
  put(id: string, sealed: string, until: Seconds): Promise<void>
  /** @returns it to one caller only, and to none after `until` */
  take(id: string, now: Seconds): Promise<string | undefined>
  /** Marks a logout token as seen. @returns whether this caller was the first; the mark holds until `until` */
  first(digest: string, until: Seconds, now: Seconds): Promise<boolean>
  /** How many sessions are alive. */
  count(now: Seconds): Promise<number>
  /** Forgets at most `budget` rows of each kind that are of no more use. @returns how many */
  sweep(now: Seconds, budget: number): Promise<number>
}

/** How long a session that has expired is kept, so that a late logout can still name it at the authorization server. */
export const KEPT_AFTER_END: Seconds = 86_400
