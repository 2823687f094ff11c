import type { Clock } from '../ports.ts'
import { UNAUTHENTICATED_KEPT } from '../store/audit.ts'
import type { Store } from '../store/store.ts'
import { auditIn } from './memory/audit.ts'
import {
  clientRecordsInMemory,
  consentsInMemory,
  grantsIn,
  keyRecordsInMemory,
  opaqueTokensIn,
  revocationsIn,
  sessionsIn,
  statusListsIn,
  usersInMemory,
} from './memory/durable.ts'
import {
  attemptsIn,
  codesIn,
  interactionsIn,
  pushedRequestsIn,
  replayIn,
} from './memory/ephemeral.ts'

/**
 * The store of one service in one process, gone when the process ends: for tests, benches and `signet dev --memory`.
 * Keeps every promise of the port but the one that needs a disk.
 */
export function createMemoryStore(
  clock: Clock,
  { unauthenticated = UNAUTHENTICATED_KEPT }: { readonly unauthenticated?: number } = {},
): Store {
  const kept = Promise.resolve()
  return {
    pushedRequests: pushedRequestsIn(clock),
    interactions: interactionsIn(clock),
    codes: codesIn(clock),
    replay: replayIn(clock),
    attempts: attemptsIn(clock),
    sessions: sessionsIn(clock),
    consents: consentsInMemory(),
    grants: grantsIn(clock),
    opaqueTokens: opaqueTokensIn(clock),
    revocations: revocationsIn(clock),
    statusLists: statusListsIn(clock),
    users: usersInMemory(),
    clients: clientRecordsInMemory(),
    keys: keyRecordsInMemory(),
    audit: auditIn(clock, unauthenticated),
    settled: () => kept,
  }
}
