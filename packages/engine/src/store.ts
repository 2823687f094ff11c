import type { Evidence, Refusal } from '@signet/protocol'
import type { AcceptedParameters } from './authorization-parameters.ts'

/** Seconds since 1970, or a length of time in seconds. */
export type Seconds = number

/** So many rows of many, in an order that is the store's own, for who looks at all. */
export interface Page<Name = string> {
  /** What the last row that was seen is found by; empty: none was. */
  readonly after: Name
  readonly limit: number
}

/** The base64url SHA-256 of a secret, by which alone the secret is looked up; the secret itself is never kept. */
export type Digest = string

/**
 * The store cannot be asked now, or what was written is lost. Nothing may be concluded from it about the request: answer
 * 503 and let the caller come again.
 */
export class StoreUnavailable extends Error {
  /** When it is worth to come again. */
  readonly retryAfter: Seconds

  constructor(message: string, cause?: unknown, retryAfter: Seconds = 2) {
    super(message, { cause })
    this.name = 'StoreUnavailable'
    this.retryAfter = retryAfter
  }
}

/** Another subject has this username. */
export class UsernameTaken extends Error {
  constructor() {
    super('another user has this username')
    this.name = 'UsernameTaken'
  }
}

/**
 * Everything a service remembers. One `Store` belongs to one service (issuer) and sees no other's rows.
 *
 * Every changing verb is atomic and says who won, among the processes on one store too. A verb may answer before its write
 * is durable; a step awaits `settled` once, before its outcome leaves the engine. `put` replaces what had the same name.
 *
 * @throws StoreUnavailable from every verb.
 */
export interface Store {
  readonly pushedRequests: PushedRequests
  readonly interactions: Interactions
  readonly codes: Codes
  readonly replay: Replay
  readonly attempts: Attempts
  readonly sessions: Sessions
  readonly consents: Consents
  readonly grants: Grants
  readonly opaqueTokens: OpaqueTokens
  readonly revocations: Revocations
  readonly statusLists: StatusLists
  readonly users: Users
  readonly clients: ClientRecords
  readonly keys: KeyRecords
  readonly audit: Audit
  /** Resolves when everything written so far would survive the end of this process; rejects when it was lost. */
  settled(): Promise<void>
}

// Ephemeral: lost without harm to what was granted.

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
  /** All codes of a user that are not swept, redeemed or not. Looks at every row: for administration. */
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

// Durable.

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
  /** All sessions of a user that go on. Looks at every row: for administration. */
  ofSubject(subject: string): Promise<readonly Session[]>
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
  /** All grants of a user that are not swept. Looks at every row: for administration. */
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

/** The place of a token or grant in all status lists of the service together: number of the list × its size + index. */
export type StatusPosition = number

export interface StatusLists {
  /** Takes so many positions that nobody was given before or will be again, and answers the first. */
  take(count: number): Promise<StatusPosition>
  /** Publishes a list until then at least: nothing that names it lives longer. */
  keep(list: number, until: Seconds): Promise<void>
  /** Marks an index of a list until all that was issued under it has expired. Said twice, the later `until` counts. */
  revoke(list: number, index: number, until: Seconds): Promise<void>
  /** The marked indices of a list; undefined when it is not published, or no more. */
  revoked(list: number): Promise<readonly number[] | undefined>
  /** Everything there is of them, but what was swept. */
  state(): Promise<StatusState>
}

/** Lists and indices in their order. */
export interface StatusState {
  /** The first position that was not taken yet. */
  readonly taken: StatusPosition
  readonly published: readonly { readonly list: number; readonly until: Seconds }[]
  readonly revoked: readonly StatusMark[]
}

export interface StatusMark {
  readonly list: number
  readonly index: number
  readonly until: Seconds
}

/** Where a row came from: a declaration in the configuration file is taken back when the file no longer makes it. */
export type Source = 'file' | 'command'

export interface User {
  /** Random, unique in the service, never reassigned (OIDC Core 5.7). */
  readonly subject: string
  readonly username: string
  /** In PHC format: `$argon2id$v=19$m=…,t=…,p=…$salt$hash`. */
  readonly passwordHash: string
  /** Standard claims (OIDC Core 5.1) and others, by name. */
  readonly claims: Readonly<Record<string, unknown>>
  readonly source: Source
  readonly disabled: boolean
}

export interface Users {
  byUsername(username: string): Promise<User | undefined>
  bySubject(subject: string): Promise<User | undefined>
  /** By username. */
  list(): Promise<readonly User[]>
  /** @throws UsernameTaken when another subject has it. */
  put(user: User): Promise<void>
}

/** A client as it was registered: RFC 7591 metadata. */
export interface ClientRecord {
  readonly clientId: string
  readonly metadata: Readonly<Record<string, unknown>>
  readonly source: Source
  readonly disabled: boolean
  readonly updatedAt: Seconds
}

export interface ClientRecords {
  get(clientId: string): Promise<ClientRecord | undefined>
  /** By client id. */
  list(): Promise<readonly ClientRecord[]>
  put(record: ClientRecord): Promise<void>
}

/** A key of the service: it is announced, then signs, then only verifies, then is gone. */
export interface KeyRecord {
  readonly kid: string
  readonly use: 'sig' | 'enc' | 'nonce'
  /** The JWS or JWE algorithm, or `HMAC`. */
  readonly algorithm: string
  /** A private JWK as JSON. */
  readonly material: string
  readonly createdAt: Seconds
  /** From then on it is the one that signs. */
  readonly signsFrom: Seconds
  /** From then on it is neither published nor believed. */
  readonly retiresAt?: Seconds
}

export interface KeyRecords {
  /** The oldest first. */
  list(): Promise<readonly KeyRecord[]>
  put(record: KeyRecord): Promise<void>
}

/** Something an operator may want to know about later. Never holds a token, code, secret or assertion. */
export interface AuditEvent {
  readonly id: string
  /** Milliseconds since 1970. */
  readonly at: number
  readonly kind: 'refused' | 'failed' | 'login' | 'logout' | 'revoked' | 'administered'
  /** The step that wrote it: `push`, `exchange`, `login`, …; of what was administered the command. */
  readonly step: string
  readonly clientId?: string
  readonly subject?: string
  readonly refusal?: Refusal
  readonly evidence?: Evidence
  /** Who administered: a user of the operating system, or the configuration file. */
  readonly by?: string
  /** What was administered, in a few words. */
  readonly detail?: string
  /** Anybody on the network can cause such events, as many as they like. */
  readonly unauthenticated?: true
}

/** How many events that anybody can cause are kept of each service: about 100 MB of them. */
export const UNAUTHENTICATED_KEPT = 100_000

/** The events of a service are two chains: what anybody can cause, and everything else. */
export const AUDIT_STREAMS = ['trusted', 'strangers'] as const
export type AuditStream = (typeof AUDIT_STREAMS)[number]

/** A place in a chain. */
export interface AuditLink {
  /** From one on, without a gap. Zero: before the first record. */
  readonly sequence: number
  /** Of the record there and all before it, in base64url. Empty before the first. @see audit-chain.ts */
  readonly hash: string
}

export interface AuditRecord extends AuditLink {
  /** The event as JSON, as it was written down: the hash is of these characters. */
  readonly text: string
}

/** Where the records of a stream that are kept lie. */
export interface AuditChain {
  /** The last record that was removed; everything after it is there. */
  readonly anchor: AuditLink
  /** The last record. */
  readonly head: AuditLink
}

export interface AuditPage {
  readonly stream: AuditStream
  /** The sequence before the first record wanted. */
  readonly after: number
  readonly limit: number
}

/**
 * Two chains of records, to which records are only added, by any number of processes. Old ones go from the beginning of a
 * chain and from nowhere else: of both streams what is older than the retention, of `strangers` all but the newest, up to a
 * ceiling. No event ever goes because of those of the other stream.
 */
export interface Audit {
  /** Adds an event to its stream. An event is recorded once; a second one of the same id changes nothing. */
  record(event: AuditEvent): Promise<void>
  find(id: string): Promise<AuditEvent | undefined>
  chain(stream: AuditStream): Promise<AuditChain>
  /** In order. */
  read(page: AuditPage): Promise<readonly AuditRecord[]>
}
