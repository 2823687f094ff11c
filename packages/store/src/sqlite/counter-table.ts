import type { StatementSync } from 'node:sqlite'
import type { Connection } from './connection.ts'

/** Numbers that only grow. */
export class CounterTable {
  readonly #connection: Connection
  readonly #take: StatementSync
  readonly #select: StatementSync

  constructor(connection: Connection) {
    this.#connection = connection
    this.#take = connection.prepare(`
      INSERT INTO counters (service, name, value) VALUES (?1, ?2, ?3)
      ON CONFLICT (service, name) DO UPDATE SET value = value + ?3
      RETURNING value - ?3 AS first`)
    this.#select = connection.prepare('SELECT value FROM counters WHERE service = ? AND name = ?')
  }

  /** The first number that nobody has. */
  next(service: number, name: string): number {
    return Number(this.#connection.read(this.#select, service, name)?.['value'] ?? 0)
  }

  /** The first of so many numbers that nobody else gets. */
  take(service: number, name: string, count: number): number {
    this.#connection.transactions.begin()
    return Number(this.#connection.read(this.#take, service, name, count)?.['first'])
  }
}
