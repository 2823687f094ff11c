import type { Clock, Store } from '@signet/engine'
import { clientRecordsOf, consentsOf, keyRecordsOf, usersOf } from './administration.ts'
import { attemptsOf } from './attempts.ts'
import { auditOf } from './audit.ts'
import { codesOf, interactionsOf, pushedRequestsOf } from './ephemeral.ts'
import { grantsOf, opaqueTokensOf, revocationsOf } from './grants.ts'
import type { Asked } from './lanes.ts'
import { replayOf } from './replay.ts'
import { askingFor } from './service.ts'
import { sessionsOf } from './sessions.ts'
import { statusListsOf } from './status-lists.ts'

/** Everything of an open database that a store needs. */
export interface OpenDatabase {
  readonly lanes: Asked
  readonly clock: Clock
}

/** What the service of an issuer sees of the database. */
export function storeOf(issuer: string, { lanes, clock }: OpenDatabase): Store {
  const { ask, send } = askingFor(issuer, lanes)
  return {
    pushedRequests: pushedRequestsOf(ask),
    interactions: interactionsOf(ask),
    codes: codesOf(ask),
    replay: replayOf(send, 'signet.replay_marks', clock),
    attempts: attemptsOf(ask),
    sessions: sessionsOf(ask, clock),
    consents: consentsOf(ask),
    grants: grantsOf(ask),
    opaqueTokens: opaqueTokensOf(ask),
    revocations: revocationsOf(ask),
    statusLists: statusListsOf(ask, clock),
    users: usersOf(ask, send),
    clients: clientRecordsOf(ask),
    keys: keyRecordsOf(ask),
    audit: auditOf(ask),
    // Every verb resolves when it is committed, and the commit when it is on disk.
    settled: () => Promise.resolve(),
  }
}
