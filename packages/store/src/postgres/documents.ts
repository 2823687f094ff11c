import type { Answer, Row } from './statement.ts'

/** Reads values of which the column `data` holds the JSON. */
export class Documents<Value> {
  one({ rows: [row] }: Answer): Value | undefined {
    return row && this.of(row)
  }

  all({ rows }: Answer): readonly Value[] {
    return rows.map((row) => this.of(row))
  }

  of(row: Row): Value {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- whoever wrote it had the same schema, or migrated it
    return JSON.parse(String(row['data'])) as Value
  }
}
