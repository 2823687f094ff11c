import type { Seconds } from '@signet/engine'
import type { Tables } from './tables.ts'

/** How many rows of each table were forgotten, by the names of a metric. */
export interface Swept {
  readonly pushed_requests: number
  readonly interactions: number
  readonly codes: number
  readonly replay_log: number
  readonly attempts: number
  readonly sessions: number
  readonly grants: number
  readonly opaque_tokens: number
  readonly revocations: number
  readonly status_lists: number
  readonly status_revocations: number
  readonly keys: number
  readonly audit: number
  readonly unauthenticated_audit: number
}

export interface Sweep {
  readonly now: Seconds
  /** How long an audit event is kept. */
  readonly retention: Seconds
  /** How many events that anybody can cause are kept of each service. */
  readonly unauthenticated: number
  /** How many rows of a table, at most. */
  readonly budget: number
}

export function sweepTables(tables: Tables, sweep: Sweep): Swept {
  const { now, retention, unauthenticated, budget } = sweep
  return {
    pushed_requests: tables.pushedRequests.sweep(now, budget),
    interactions: tables.interactions.sweep(now, budget),
    codes: tables.codes.sweep(now, budget),
    replay_log: tables.replay.sweep(budget),
    attempts: tables.attempts.sweep(now, budget),
    sessions: tables.sessions.sweep(now, budget),
    grants: tables.grants.sweep(now, budget),
    opaque_tokens: tables.opaqueTokens.sweep(now, budget),
    revocations: tables.revocations.sweep(now, budget),
    status_lists: tables.statusLists.sweep(now, budget),
    status_revocations: tables.statusRevocations.sweep(now, budget),
    keys: tables.keys.sweep(now),
    audit: tables.audit.sweep('trusted', { kept: Infinity, before: now - retention, budget }),
    unauthenticated_audit: tables.audit.sweep('strangers', {
      kept: unauthenticated,
      before: now - retention,
      budget,
    }),
  }
}
