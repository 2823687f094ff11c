import type { Seconds } from '@signet/engine'
import { CLOCK_MARGIN } from '../clock-margin.ts'
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
  const ended = now - CLOCK_MARGIN
  return {
    pushed_requests: tables.pushedRequests.sweep(ended, budget),
    interactions: tables.interactions.sweep(ended, budget),
    codes: tables.codes.sweep(ended, budget),
    replay_log: tables.replay.sweep(budget),
    attempts: tables.attempts.sweep(ended, budget),
    sessions: tables.sessions.sweep(ended, budget),
    grants: tables.grants.sweep(ended, budget),
    opaque_tokens: tables.opaqueTokens.sweep(ended, budget),
    revocations: tables.revocations.sweep(ended, budget),
    status_lists: tables.statusLists.sweep(ended, budget),
    status_revocations: tables.statusRevocations.sweep(ended, budget),
    keys: tables.keys.sweep(now),
    audit: tables.audit.sweep('trusted', { kept: Infinity, before: now - retention, budget }),
    unauthenticated_audit: tables.audit.sweep('strangers', {
      kept: unauthenticated,
      before: now - retention,
      budget,
    }),
  }
}
