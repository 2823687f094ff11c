import type {
  AuditEvent,
  AuthorizationCode,
  Clock,
  Grant,
  Interaction,
  OpaqueToken,
  PushedRequest,
  Seconds,
  Session,
} from '@signet/engine'
import type { StatementSync } from 'node:sqlite'
import type { Connection } from './connection.ts'
import { EndingRows } from './ending-rows.ts'
import { ClientTable, ConsentTable, KeyTable, UserTable } from './lasting-rows.ts'
import { ReplayLog } from './replay-log.ts'

/** Every table of the file, with its statements prepared once. */
export interface Tables {
  readonly pushedRequests: EndingRows<PushedRequest>
  readonly interactions: EndingRows<Interaction>
  readonly codes: CodeTable
  readonly replay: ReplayLog
  /** When a bucket is full again. */
  readonly attempts: EndingRows<Seconds>
  readonly sessions: EndingRows<Session>
  readonly grants: EndingRows<Grant>
  readonly opaqueTokens: EndingRows<OpaqueToken>
  readonly revocations: RevocationTable
  readonly audit: EndingRows<AuditEvent>
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
    sessions: new EndingRows(connection, 'sessions'),
    grants: new EndingRows(connection, 'grants'),
    opaqueTokens: new EndingRows(connection, 'opaque_tokens'),
    revocations: new RevocationTable(connection),
    audit: new EndingRows(connection, 'audit'),
    consents: new ConsentTable(connection),
    users: new UserTable(connection),
    clients: new ClientTable(connection),
    keys: new KeyTable(connection),
  }
}

export class CodeTable extends EndingRows<AuthorizationCode> {
  readonly #redeem: StatementSync

  constructor(connection: Connection) {
    super(connection, 'codes')
    this.#redeem = connection.prepare(
      'UPDATE codes SET redeemed = 1 WHERE service = ? AND key = ? AND redeemed = 0',
    )
  }

  redeem(service: number, digest: string): boolean {
    return this.connection.write(this.#redeem, service, digest) === 1
  }
}

export class RevocationTable extends EndingRows<null> {
  readonly #eitherOf: StatementSync

  constructor(connection: Connection) {
    super(connection, 'revocations')
    this.#eitherOf = connection.prepare(
      'SELECT 1 FROM revocations WHERE service = ? AND key IN (?, ?) LIMIT 1',
    )
  }

  /** Keeps the later end when the name is known. */
  add(service: number, id: string, until: Seconds): void {
    this.connection.transactions.begin()
    const known = this.find(service, id)
    this.put(service, id, { value: null, ends: Math.max(until, known?.ends ?? until) })
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
