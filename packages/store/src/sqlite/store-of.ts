import type { Clock, Store } from '@signet/engine'
import type { Connection } from './connection.ts'
import {
  auditOf,
  clientRecordsOf,
  consentsOf,
  grantsOf,
  keyRecordsOf,
  opaqueTokensOf,
  revocationsOf,
  sessionsOf,
  statusListsOf,
  usersOf,
} from './durable.ts'
import { attemptsOf, codesOf, interactionsOf, pushedRequestsOf, replayOf } from './ephemeral.ts'
import type { Tables } from './tables.ts'

/** Everything of an open file that a store needs. */
export interface OpenFile {
  readonly connection: Connection
  readonly tables: Tables
  readonly clock: Clock
}

/** What one service, by its number, sees of the file. */
export function storeOf({ connection, tables, clock }: OpenFile, service: number): Store {
  return {
    pushedRequests: pushedRequestsOf(tables, service),
    interactions: interactionsOf(tables, service),
    codes: codesOf(tables, service),
    replay: replayOf(tables, service),
    attempts: attemptsOf(tables, service, connection),
    sessions: sessionsOf(tables, service, clock),
    consents: consentsOf(tables, service),
    grants: grantsOf(tables, service),
    opaqueTokens: opaqueTokensOf(tables, service),
    revocations: revocationsOf(tables, service),
    statusLists: statusListsOf(tables, service, clock),
    users: usersOf(tables, service),
    clients: clientRecordsOf(tables, service),
    keys: keyRecordsOf(tables, service),
    audit: auditOf(tables, service),
    settled: () => connection.transactions.settled(),
  }
}
