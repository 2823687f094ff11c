import type { SQLInputValue, StatementSync } from 'node:sqlite'
import type { Connection, Row } from './connection.ts'

/** Reads the values of a table whose column `data` holds them as JSON. */
export class Documents<Value> {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  one(statement: StatementSync, ...names: readonly SQLInputValue[]): Value | undefined {
    const row = this.#connection.read(statement, ...names)
    return row && this.of(row)
  }

  all(statement: StatementSync, ...names: readonly SQLInputValue[]): readonly Value[] {
    return this.#connection.readAll(statement, ...names).map((row) => this.of(row))
  }

  of(row: Row): Value {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- whoever wrote it had the same schema, or migrated it
    return JSON.parse(String(row['data'])) as Value
  }
}
