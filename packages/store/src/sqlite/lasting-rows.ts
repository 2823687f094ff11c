import {
  UsernameTaken,
  type ClientRecord,
  type Consent,
  type ConsentName,
  type KeyRecord,
  type Page,
  type Seconds,
  type User,
} from '@signet/engine'
import type { StatementSync } from 'node:sqlite'
import type { Connection } from './connection.ts'
import { Documents } from './documents.ts'

export class ConsentTable {
  readonly #connection: Connection
  readonly #documents: Documents<Consent>
  readonly #select: StatementSync
  readonly #list: StatementSync
  readonly #put: StatementSync

  constructor(connection: Connection) {
    this.#connection = connection
    this.#documents = new Documents(connection)
    this.#select = connection.prepare(
      'SELECT data FROM consents WHERE service = ? AND subject = ? AND client_id = ?',
    )
    this.#list = connection.prepare(`
      SELECT data FROM consents WHERE service = ? AND (subject, client_id) > (?, ?)
      ORDER BY subject, client_id LIMIT ?`)
    this.#put = connection.prepare(`
      INSERT INTO consents (service, subject, client_id, data) VALUES (?, ?, ?, ?)
      ON CONFLICT (service, subject, client_id) DO UPDATE SET data = excluded.data`)
  }

  get(service: number, subject: string, clientId: string): Consent | undefined {
    return this.#documents.one(this.#select, service, subject, clientId)
  }

  list(service: number, { after, limit }: Page<ConsentName>): readonly Consent[] {
    return this.#documents.all(this.#list, service, after.subject, after.clientId, limit)
  }

  put(service: number, consent: Consent): void {
    const { subject, clientId } = consent
    this.#connection.write(this.#put, service, subject, clientId, JSON.stringify(consent))
  }
}

export class UserTable {
  readonly #connection: Connection
  readonly #documents: Documents<User>
  readonly #byUsername: StatementSync
  readonly #bySubject: StatementSync
  readonly #list: StatementSync
  readonly #put: StatementSync
  readonly #replace: StatementSync

  constructor(connection: Connection) {
    this.#connection = connection
    this.#documents = new Documents(connection)
    this.#byUsername = connection.prepare(
      'SELECT subject, data FROM users WHERE service = ? AND username = ?',
    )
    this.#bySubject = connection.prepare('SELECT data FROM users WHERE service = ? AND subject = ?')
    this.#list = connection.prepare('SELECT data FROM users WHERE service = ? ORDER BY username')
    this.#put = connection.prepare(`
      INSERT INTO users (service, subject, username, data) VALUES (?, ?, ?, ?)
      ON CONFLICT (service, subject) DO UPDATE SET username = excluded.username, data = excluded.data`)
    this.#replace = connection.prepare(
      'UPDATE users SET data = ? WHERE service = ? AND subject = ? AND data = ?',
    )
  }

  byUsername(service: number, username: string): User | undefined {
    return this.#documents.one(this.#byUsername, service, username)
  }

  bySubject(service: number, subject: string): User | undefined {
    return this.#documents.one(this.#bySubject, service, subject)
  }

  list(service: number): readonly User[] {
    return this.#documents.all(this.#list, service)
  }

  put(service: number, user: User): void {
    const { subject, username } = user
    this.#connection.transactions.begin()
    const holder = this.#connection.read(this.#byUsername, service, username)
    if (holder !== undefined && holder['subject'] !== subject) throw new UsernameTaken()
    this.#connection.write(this.#put, service, subject, username, JSON.stringify(user))
  }

  replace(service: number, seen: User, user: User): boolean {
    // What was read gives the same text again.
    const [former, data] = [JSON.stringify(seen), JSON.stringify(user)]
    return this.#connection.write(this.#replace, data, service, seen.subject, former) > 0
  }
}

export class ClientTable {
  readonly #connection: Connection
  readonly #documents: Documents<ClientRecord>
  readonly #select: StatementSync
  readonly #list: StatementSync
  readonly #put: StatementSync

  constructor(connection: Connection) {
    this.#connection = connection
    this.#documents = new Documents(connection)
    this.#select = connection.prepare(
      'SELECT data FROM clients WHERE service = ? AND client_id = ?',
    )
    this.#list = connection.prepare('SELECT data FROM clients WHERE service = ? ORDER BY client_id')
    this.#put = connection.prepare(`
      INSERT INTO clients (service, client_id, data) VALUES (?, ?, ?)
      ON CONFLICT (service, client_id) DO UPDATE SET data = excluded.data`)
  }

  get(service: number, clientId: string): ClientRecord | undefined {
    return this.#documents.one(this.#select, service, clientId)
  }

  list(service: number): readonly ClientRecord[] {
    return this.#documents.all(this.#list, service)
  }

  put(service: number, record: ClientRecord): void {
    this.#connection.write(this.#put, service, record.clientId, JSON.stringify(record))
  }
}

export class KeyTable {
  readonly #connection: Connection
  readonly #documents: Documents<KeyRecord>
  readonly #list: StatementSync
  readonly #put: StatementSync
  readonly #sweep: StatementSync

  constructor(connection: Connection) {
    this.#connection = connection
    this.#documents = new Documents(connection)
    this.#list = connection.prepare(
      'SELECT data FROM keys WHERE service = ? ORDER BY created_at, kid',
    )
    this.#put = connection.prepare(`
      INSERT INTO keys (service, kid, created_at, retires_at, data) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (service, kid) DO UPDATE
      SET created_at = excluded.created_at, retires_at = excluded.retires_at, data = excluded.data`)
    this.#sweep = connection.prepare('DELETE FROM keys WHERE retires_at <= ?')
  }

  list(service: number): readonly KeyRecord[] {
    return this.#documents.all(this.#list, service)
  }

  put(service: number, record: KeyRecord): void {
    const { kid, createdAt } = record
    const data = JSON.stringify(record)
    const retiresAt = record.retiresAt ?? null
    this.#connection.write(this.#put, service, kid, createdAt, retiresAt, data)
  }

  /** A key that is neither published nor believed is of no use but to a thief. There are few: no budget. */
  sweep(now: Seconds): number {
    return this.#connection.write(this.#sweep, now)
  }
}
