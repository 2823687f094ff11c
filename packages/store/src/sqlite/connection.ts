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
  /** Whoever reads does not wait for whoever writes: that it succeeds does not say that the file is free. */
  readonly #reading: Patience
  readonly #writing: Patience
  #pulses = 0

  constructor(path: string) {
    this.database = new DatabaseSync(path)
    this.#reading = new Patience(this.database)
    this.#writing = new Patience(this.database)
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
    return this.#ask(this.#writing, () => Number(statement.run(...values).changes))
  }

  /** Writes a number that nobody reads, another one each time: only what writes finds out that the disk is full. */
  pulse(): void {
    this.transactions.begin()
    this.#pulses += 1
    this.#ask(this.#writing, () => this.database.exec(`PRAGMA user_version = ${this.#pulses}`))
  }

  read(statement: StatementSync, ...values: readonly SQLInputValue[]): Row | undefined {
    return this.#ask(this.#reading, () => statement.get(...values))
  }

  readAll(statement: StatementSync, ...values: readonly SQLInputValue[]): readonly Row[] {
    return this.#ask(this.#reading, () => statement.all(...values))
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

  #ask<Result>(patience: Patience, work: () => Result): Result {
    try {
      return patience.attempt(work)
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
        this.#writing.attempt(() => begin.run())
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
