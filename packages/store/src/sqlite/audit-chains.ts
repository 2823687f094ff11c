import {
  CHAIN_BEGINS,
  recordAfter,
  streamOf,
  type AuditChain,
  type AuditEvent,
  type AuditLink,
  type AuditPage,
  type AuditRecord,
  type AuditStream,
  type Seconds,
} from '@signet/engine'
import type { StatementSync } from 'node:sqlite'
import type { Connection, Row } from './connection.ts'
import { Documents } from './documents.ts'

/** What of the records of a stream is to be removed. */
export interface Excess {
  /** How many of each service are kept. */
  readonly kept: number
  /** All that happened before. */
  readonly before: Seconds
  /** At most so many. */
  readonly budget: number
}

/** The chain of one service. */
interface Place {
  readonly service: number
  readonly stream: AuditStream
}

/** The audit of all services. @see schema.ts */
export class AuditChains {
  readonly #connection: Connection
  readonly #documents: Documents<AuditEvent>
  readonly #insert: StatementSync
  readonly #advance: StatementSync
  readonly #find: StatementSync
  readonly #chain: StatementSync
  readonly #read: StatementSync
  readonly #services: StatementSync
  readonly #oldest: StatementSync
  readonly #remove: StatementSync
  readonly #anchor: StatementSync

  constructor(connection: Connection) {
    this.#connection = connection
    this.#documents = new Documents(connection)
    this.#insert = connection.prepare(`
      INSERT INTO audit_records (service, stream, sequence, key, at, hash, data)
      VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (service, key) DO NOTHING`)
    this.#advance = connection.prepare(`
      INSERT INTO audit_chains (service, stream, sequence, hash) VALUES (?, ?, ?, ?)
      ON CONFLICT (service, stream) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash`)
    this.#find = connection.prepare('SELECT data FROM audit_records WHERE service = ? AND key = ?')
    this.#chain = connection.prepare(`
      SELECT sequence, hash, removed, removed_hash FROM audit_chains
      WHERE service = ? AND stream = ?`)
    this.#read = connection.prepare(`
      SELECT sequence, hash, data FROM audit_records
      WHERE service = ? AND stream = ? AND sequence > ? ORDER BY sequence LIMIT ?`)
    this.#services = connection.prepare('SELECT service FROM audit_chains WHERE stream = ?')
    this.#oldest = connection.prepare(`
      SELECT sequence, hash, at FROM audit_records
      WHERE service = ? AND stream = ? AND sequence > ? ORDER BY sequence LIMIT ?`)
    this.#remove = connection.prepare(
      'DELETE FROM audit_records WHERE service = ? AND stream = ? AND sequence <= ?',
    )
    this.#anchor = connection.prepare(`
      UPDATE audit_chains SET removed = ?, removed_hash = ? WHERE service = ? AND stream = ?`)
  }

  record(service: number, event: AuditEvent): void {
    // What is read must still be true when it is written.
    this.#connection.transactions.begin()
    const stream = streamOf(event)
    const { sequence, hash, text } = recordAfter(this.chain({ service, stream }).head, event)
    const row = [service, stream, sequence, event.id, Math.floor(event.at), hash, text] as const
    const inserted = this.#connection.write(this.#insert, ...row)
    if (inserted === 1) this.#connection.write(this.#advance, service, stream, sequence, hash)
  }

  find(service: number, id: string): AuditEvent | undefined {
    return this.#documents.one(this.#find, service, id)
  }

  chain({ service, stream }: Place): AuditChain {
    const row = this.#connection.read(this.#chain, service, stream)
    if (row === undefined) return { anchor: CHAIN_BEGINS, head: CHAIN_BEGINS }
    return {
      anchor: { sequence: Number(row['removed']), hash: String(row['removed_hash']) },
      head: linkOf(row),
    }
  }

  read(service: number, { stream, after, limit }: AuditPage): readonly AuditRecord[] {
    return this.#connection
      .readAll(this.#read, service, stream, after, limit)
      .map((row) => ({ ...linkOf(row), text: String(row['data']) }))
  }

  /** Removes the oldest records of a stream, and answers how many. */
  sweep(stream: AuditStream, { kept, before, budget }: Excess): number {
    this.#connection.transactions.begin()
    let swept = 0
    for (const { service } of this.#connection.readAll(this.#services, stream)) {
      const place = { service: Number(service), stream }
      const { anchor, head } = this.chain(place)
      const oldest = this.#connection
        .readAll(this.#oldest, place.service, stream, anchor.sequence, budget - swept)
        .map((row) => ({ ...linkOf(row), at: Number(row['at']) }))
      const staying = oldest.findIndex(
        ({ sequence, at }) => sequence > head.sequence - kept && at >= before * 1000,
      )
      const last = staying === -1 ? oldest.at(-1) : oldest[staying - 1]
      if (last !== undefined) swept += this.#removeTo(place, last)
    }
    return swept
  }

  #removeTo({ service, stream }: Place, { sequence, hash }: AuditLink): number {
    this.#connection.write(this.#anchor, sequence, hash, service, stream)
    return this.#connection.write(this.#remove, service, stream, sequence)
  }
}

function linkOf({ sequence, hash }: Row): AuditLink {
  return { sequence: Number(sequence), hash: String(hash) }
}
