import type { ClientRecords, KeyRecords, Users } from './administration.ts'
import type { Audit } from './audit.ts'
import type { Consents, Grants, OpaqueTokens, Revocations, Sessions } from './durable.ts'
import type { Attempts, Codes, Interactions, PushedRequests, Replay } from './ephemeral.ts'
import type { StatusLists } from './status-lists.ts'
import type { Seconds } from './values.ts'

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

/**
 * Everything a service remembers. One `Store` belongs to one service (issuer) and sees no other's rows.
 *
 * Every changing verb is atomic and says who won, among the processes on one store too. A verb may answer before its write
 * is durable; a step awaits `settled` once, before its outcome leaves the engine. `put` replaces what had the same name.
 *
 * The stores are in `packages/store`; what each of them has to prove is `testing/contract`.
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
