import { StoreUnavailable } from '@signet/engine'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { GroupCommit, type Transactional } from './group-commit.ts'
import { watchPlace } from './in-place.ts'
import { DURABLE } from './durable-file.ts'
import { Patience } from './patience.ts'

/** The log is copied back when it has 16 MB. */
const SETTINGS = `
  ${DURABLE}
  PRAGMA foreign_keys = ON;
  PRAGMA cache_size = -65536;
  PRAGMA wal_autocheckpoint = 4000;
`

export type Row = Readonly<Record<string, unknown>>

/** One file, opened by this process, and the transaction that is open on it, if one is. */
export class Connection {
  readonly database: DatabaseSync
  readonly transactions: GroupCommit
  readonly #patience: Patience
  #pulses = 0

  constructor(path: string) {
    this.database = new DatabaseSync(path)
    this.#patience = new Patience(this.database)
    this.transactions = new GroupCommit(this.#transactions(watchPlace(path)))
  }

  /** To be called once the file is known to be ours. */
  configure(): void {
    this.database.exec(SETTINGS)
  }

  prepare(sql: string): StatementSync {
    return this.database.prepare(sql)
  }

  /** Changes something, in the transaction of this turn of the event loop, and answers how many rows. */
  write(statement: StatementSync, ...values: readonly SQLInputValue[]): number {
    this.transactions.begin()
    return this.#ask(() => Number(statement.run(...values).changes))
  }

  /** Writes a number that nobody reads, another one each time: only what writes finds out that the disk is full. */
  pulse(): void {
    this.transactions.begin()
    this.#pulses += 1
    this.#ask(() => this.database.exec(`PRAGMA user_version = ${this.#pulses}`))
  }

  read(statement: StatementSync, ...values: readonly SQLInputValue[]): Row | undefined {
    return this.#ask(() => statement.get(...values))
  }

  readAll(statement: StatementSync, ...values: readonly SQLInputValue[]): readonly Row[] {
    return this.#ask(() => statement.all(...values))
  }

  /** Reads for a while what is there now, whatever others write meanwhile. */
  async snapshot<Result>(read: () => Promise<Result>): Promise<Result> {
    this.transactions.commit()
    this.database.exec('BEGIN')
    try {
      return await read()
    } finally {
      this.database.exec('COMMIT')
    }
  }

  /** Commits what is open, and lets go of the file. */
  close(): void {
    this.transactions.close()
    if (this.database.isOpen) this.database.close()
  }

  #ask<Result>(work: () => Result): Result {
    try {
      return this.#patience.attempt(work)
    } catch (error) {
      if (!isOfDatabase(error)) throw error
      this.transactions.noticeRollback(error)
      throw new StoreUnavailable('the database failed', error)
    }
  }

  #transactions(requireInPlace: () => void): Transactional {
    const { database } = this
    // Immediate: a lock that is taken late can be refused when the work is half done.
    const begin = database.prepare('BEGIN IMMEDIATE')
    const commit = database.prepare('COMMIT')
    return {
      isOpen: () => database.isOpen && database.isTransaction,
      begin: () => {
        requireInPlace()
        this.#patience.attempt(() => begin.run())
      },
      commit: () => void commit.run(),
      rollback: () => database.exec('ROLLBACK'),
    }
  }
}

/** Whether SQLite said so, and not a mistake of ours in the values. */
export function isOfDatabase(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ERR_SQLITE_ERROR' || code === 'ERR_INVALID_STATE'
}
