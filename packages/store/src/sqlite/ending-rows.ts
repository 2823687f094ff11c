import type { Page, Seconds } from '@signet/engine'
import type { StatementSync } from 'node:sqlite'
import type { Connection, Row } from './connection.ts'
import { Documents } from './documents.ts'

/** How many rows may end in the same second. */
const PER_SECOND = 2 ** 20

/** Beyond it an `id` would not fit a JavaScript number; the year 2242. */
const LATEST: Seconds = 2 ** 33 - 1

/** The first `id` of the rows that end in this second, or in the next full one. */
function firstOf(second: Seconds): number {
  if (Number.isNaN(second)) throw new RangeError('a row must end at some time')
  return Math.min(Math.max(Math.ceil(second), 0), LATEST) * PER_SECOND
}

export interface Ending<Value> {
  readonly value: Value
  readonly ends: Seconds
}

/** A row, and what it is found by. */
export interface NamedEnding<Value> extends Ending<Value> {
  readonly key: string
}

/** The rows of one table that end, of all services. @see schema.ts */
export class EndingRows<Value> {
  protected readonly connection: Connection
  protected readonly documents: Documents<Value>
  readonly #insert: StatementSync
  readonly #select: StatementSync
  readonly #remove: StatementSync
  readonly #sweep: StatementSync
  readonly #list: StatementSync

  constructor(connection: Connection, table: string) {
    this.connection = connection
    this.documents = new Documents(connection)
    this.#insert = connection.prepare(`
      INSERT INTO ${table} (id, service, key, data)
      VALUES (
        coalesce((SELECT max(id) FROM ${table} WHERE id >= ?1 AND id < ?1 + ${PER_SECOND}), ?1 - 1) + 1,
        ?2, ?3, ?4
      )
      ON CONFLICT (service, key) DO UPDATE SET id = excluded.id, data = excluded.data`)
    this.#select = connection.prepare(`SELECT id, data FROM ${table} WHERE service = ? AND key = ?`)
    this.#remove = connection.prepare(`DELETE FROM ${table} WHERE service = ? AND key = ?`)
    this.#list = connection.prepare(
      `SELECT id, key, data FROM ${table} WHERE service = ? AND key > ? ORDER BY key LIMIT ?`,
    )
    this.#sweep = connection.prepare(`
      DELETE FROM ${table}
      WHERE id IN (SELECT id FROM ${table} WHERE id < ? ORDER BY id LIMIT ?)`)
  }

  put(service: number, key: string, row: Ending<Value>): void {
    const { ends, value } = row
    this.connection.write(this.#insert, firstOf(ends), service, key, JSON.stringify(value))
  }

  /** The row, whether it ended or not, unless it was swept. */
  get(service: number, key: string): Value | undefined {
    return this.documents.one(this.#select, service, key)
  }

  /** The row, unless it ended. */
  living(service: number, key: string, now: Seconds): Value | undefined {
    const row = this.find(service, key)
    return row && row.ends > now ? row.value : undefined
  }

  /** The row, ended or not, and when it ends. */
  find(service: number, key: string): Ending<Value> | undefined {
    const row = this.connection.read(this.#select, service, key)
    return row && this.#endingOf(row)
  }

  /** Rows, ended or not, in the order of their keys. */
  list(service: number, { after, limit }: Page): readonly NamedEnding<Value>[] {
    const rows = this.connection.readAll(this.#list, service, after, limit)
    return rows.map((row) => ({ key: String(row['key']), ...this.#endingOf(row) }))
  }

  #endingOf(row: Row): Ending<Value> {
    return { value: this.documents.of(row), ends: Math.floor(Number(row['id']) / PER_SECOND) }
  }

  delete(service: number, key: string): boolean {
    return this.connection.write(this.#remove, service, key) === 1
  }

  /** Forgets at most so many rows that have ended by now, the oldest first, and answers how many. */
  sweep(now: Seconds, budget: number): number {
    return this.connection.write(this.#sweep, firstOf(now + 1), budget)
  }
}
