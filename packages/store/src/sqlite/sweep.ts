import { CLOCK_MARGIN } from '../clock-margin.ts'
import type { Sweep, Swept } from '../sweep.ts'
import type { Tables } from './tables.ts'

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
