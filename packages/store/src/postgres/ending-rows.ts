import type { Seconds } from '@signet/engine'
import { Documents } from './documents.ts'
import { keyOf } from './key-of.ts'
import type { Ask, Statement } from './statement.ts'

/** The rows of one service in a table that end, and hold nothing but a document. @see schema.ts */
export class EndingRows<Value> {
  readonly #ask: Ask
  readonly #documents = new Documents<Value>()
  readonly #put: Statement
  readonly #get: Statement
  readonly #delete: Statement

  constructor(ask: Ask, table: string) {
    this.#ask = ask
    this.#put = {
      name: `${table}.put`,
      text: `
        INSERT INTO signet.${table} (service, key, ends, data) VALUES ($1, $2, $3, $4)
        ON CONFLICT (service, key) DO UPDATE SET ends = excluded.ends, data = excluded.data`,
    }
    this.#get = {
      name: `${table}.get`,
      text: `SELECT data FROM signet.${table} WHERE service = $1 AND key = $2`,
    }
    this.#delete = {
      name: `${table}.delete`,
      text: `DELETE FROM signet.${table} WHERE service = $1 AND key = $2`,
    }
  }

  async put(name: string, value: Value, ends: Seconds): Promise<void> {
    await this.#ask(this.#put, keyOf(name), ends, JSON.stringify(value))
  }

  /** The row, whether it ended or not, unless it was swept. */
  async get(name: string): Promise<Value | undefined> {
    return this.#documents.one(await this.#ask(this.#get, keyOf(name)))
  }

  /** True for exactly one caller. */
  async delete(name: string): Promise<boolean> {
    return (await this.#ask(this.#delete, keyOf(name))).count === 1
  }
}
