import type { AuditEvent, Seconds } from '@signet/engine'
import type { StatementSync } from 'node:sqlite'
import type { Connection } from './connection.ts'
import { Documents } from './documents.ts'

/** What of the events that anybody can cause is to be forgotten. */
export interface Excess {
  /** How many are kept. */
  readonly kept: number
  /** All that happened before. */
  readonly before: Seconds
  readonly budget: number
}

/** The events that anybody can cause, of all services: a flood of them takes the place of its own only. @see schema.ts */
export class UnauthenticatedAudit {
  readonly #connection: Connection
  readonly #documents: Documents<AuditEvent>
  readonly #insert: StatementSync
  readonly #select: StatementSync
  readonly #sweep: StatementSync

  constructor(connection: Connection) {
    this.#connection = connection
    this.#documents = new Documents(connection)
    this.#insert = connection.prepare(`
      INSERT INTO unauthenticated_audit (service, key, at, data) VALUES (?, ?, ?, ?)
      ON CONFLICT (service, key) DO NOTHING`)
    this.#select = connection.prepare(
      'SELECT data FROM unauthenticated_audit WHERE service = ? AND key = ?',
    )
    // Rows go from the oldest on and from nowhere else, so the numbers stay without a gap.
    this.#sweep = connection.prepare(`
      DELETE FROM unauthenticated_audit
      WHERE id IN (SELECT id FROM unauthenticated_audit ORDER BY id LIMIT ?3)
      AND (id <= (SELECT max(id) FROM unauthenticated_audit) - ?1 OR at < ?2)`)
  }

  record(service: number, event: AuditEvent): void {
    const at = Math.floor(event.at / 1000)
    this.#connection.write(this.#insert, service, event.id, at, JSON.stringify(event))
  }

  find(service: number, id: string): AuditEvent | undefined {
    return this.#documents.one(this.#select, service, id)
  }

  /** Forgets at most so many rows, the oldest first, and answers how many. */
  sweep({ kept, before, budget }: Excess): number {
    return this.#connection.write(this.#sweep, kept, before, budget)
  }
}
