import type {
  AuthorizationCode,
  Clock,
  Interaction,
  OpaqueToken,
  PushedRequest,
  Seconds,
} from '@signet/engine'
import type { StatementSync } from 'node:sqlite'
import { AuditChains } from './audit-chains.ts'
import type { Connection } from './connection.ts'
import { EndingRows } from './ending-rows.ts'
import { GrantTable, SessionTable } from './changing-rows.ts'
import { ClientTable, ConsentTable, KeyTable, UserTable } from './lasting-rows.ts'
import { ReplayLog } from './replay-log.ts'
import { CounterTable } from './counter-table.ts'
import { RowsOfSubjects } from './rows-of-subjects.ts'

/** Every table of the file, with its statements prepared once. */
export interface Tables {
  readonly pushedRequests: EndingRows<PushedRequest>
  readonly interactions: EndingRows<Interaction>
  readonly codes: CodeTable
  readonly replay: ReplayLog
  /** When a bucket is full again. */
  readonly attempts: EndingRows<Seconds>
  readonly sessions: SessionTable
  readonly grants: GrantTable
  readonly opaqueTokens: EndingRows<OpaqueToken>
  readonly revocations: RevocationTable
  readonly counters: CounterTable
  readonly statusLists: NamesThatEnd
  readonly statusRevocations: StatusRevocationTable
  readonly audit: AuditChains
  readonly consents: ConsentTable
  readonly users: UserTable
  readonly clients: ClientTable
  readonly keys: KeyTable
}

export function tablesOf(connection: Connection, clock: Clock): Tables {
  return {
    pushedRequests: new EndingRows(connection, 'pushed_requests'),
    interactions: new EndingRows(connection, 'interactions'),
    codes: new CodeTable(connection),
    replay: new ReplayLog(connection, clock),
    attempts: new EndingRows(connection, 'attempts'),
    sessions: new SessionTable(connection, 'sessions', '$.subject'),
    grants: new GrantTable(connection, 'grants', '$.authorization.subject'),
    opaqueTokens: new EndingRows(connection, 'opaque_tokens'),
    revocations: new RevocationTable(connection),
    counters: new CounterTable(connection),
    statusLists: new NamesThatEnd(connection, 'status_lists'),
    statusRevocations: new StatusRevocationTable(connection),
    audit: new AuditChains(connection),
    consents: new ConsentTable(connection),
    users: new UserTable(connection),
    clients: new ClientTable(connection),
    keys: new KeyTable(connection),
  }
}

export class CodeTable extends RowsOfSubjects<AuthorizationCode> {
  readonly #redeem: StatementSync

  constructor(connection: Connection) {
    super(connection, 'codes', '$.authorization.subject')
    this.#redeem = connection.prepare(
      'UPDATE codes SET redeemed = 1 WHERE service = ? AND key = ? AND redeemed = 0',
    )
  }

  redeem(service: number, digest: string): boolean {
    return this.connection.write(this.#redeem, service, digest) === 1
  }
}

/** Names, and until when they matter. */
export class NamesThatEnd extends EndingRows<null> {
  /** Keeps the later end when the name is known. */
  prolong(service: number, name: string, until: Seconds): void {
    this.connection.transactions.begin()
    const known = this.find(service, name)
    this.put(service, name, { value: null, ends: Math.max(until, known?.ends ?? until) })
  }
}

export class RevocationTable extends NamesThatEnd {
  readonly #eitherOf: StatementSync

  constructor(connection: Connection) {
    super(connection, 'revocations')
    this.#eitherOf = connection.prepare(
      'SELECT 1 FROM revocations WHERE service = ? AND key IN (?, ?) LIMIT 1',
    )
  }

  anyOf(service: number, ids: readonly string[]): boolean {
    // Two at a time: an access token has a `jti` and a grant.
    for (let index = 0; index < ids.length; index += 2) {
      const one = ids[index] ?? ''
      const other = ids[index + 1] ?? one
      if (this.connection.read(this.#eitherOf, service, one, other) !== undefined) return true
    }
    return false
  }
}

export class StatusRevocationTable extends NamesThatEnd {
  readonly #ofList: StatementSync

  constructor(connection: Connection) {
    super(connection, 'status_revocations')
    this.#ofList = connection.prepare(`
      SELECT CAST(substr(key, length(?2) + 1) AS INTEGER) AS position FROM status_revocations
      WHERE service = ?1 AND key >= ?2 AND key < ?3 ORDER BY position`)
  }

  /** The indices of a list; the index on `key` alone answers it. */
  ofList(service: number, list: number): readonly number[] {
    // The point is followed by the slash.
    const rows = this.connection.readAll(this.#ofList, service, `${list}.`, `${list}/`)
    return rows.map(({ position }) => Number(position))
  }
}
