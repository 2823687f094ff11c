import type { StatementSync } from 'node:sqlite'
import type { Connection } from './connection.ts'
import { EndingRows } from './ending-rows.ts'

/** Rows that end, each of a user. */
export class RowsOfSubjects<Value> extends EndingRows<Value> {
  readonly #ofSubject: StatementSync

  /** @param path where the JSON of a row names the user: as the index of the table has it, letter by letter. */
  constructor(connection: Connection, table: string, path: string) {
    super(connection, table)
    this.#ofSubject = connection.prepare(
      `SELECT data FROM ${table} WHERE service = ? AND data ->> '${path}' = ? ORDER BY id`,
    )
  }

  /** All that are not swept, ended or not. */
  ofSubject(service: number, subject: string): readonly Value[] {
    return this.documents.all(this.#ofSubject, service, subject)
  }
}
