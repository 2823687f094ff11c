/** A statement of which the server keeps the plan, on each connection under its name. */
export interface Statement {
  /** Unique in the package. */
  readonly name: string
  readonly text: string
  /** Whether it takes longer than others, or waits for them. */
  readonly slow?: true
}

/** What is put in the place of `$1`, `$2`, … */
export type Value = string | number | boolean | null | readonly string[] | readonly number[]

export type Row = Readonly<Record<string, unknown>>

export interface Answer {
  readonly rows: readonly Row[]
  /** How many rows were found, or changed. */
  readonly count: number
}

/**
 * Asks the database in one round trip, in a transaction of its own, and resolves when that is committed.
 *
 * @throws StoreUnavailable when the answer is not known, whatever became of the statement.
 */
export type Ask = (statement: Statement, ...values: readonly Value[]) => Promise<Answer>
