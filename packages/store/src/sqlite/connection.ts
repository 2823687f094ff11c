import { StoreUnavailable } from '@signet/engine'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { GroupCommit, type Transactional } from './group-commit.ts'
import { watchPlace } from './in-place.ts'
import { Patience } from './patience.ts'
import { patiently } from './patiently.ts'

/**
 * WAL: readers and the writer do not wait for each other. `synchronous` NORMAL: what was committed survives the end of
 * the process, not always that of the machine. The log is copied back when it has 16 MB, and never keeps more than 64.
 */
const SETTINGS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA foreign_keys = ON;
  PRAGMA cache_size = -65536;
  PRAGMA wal_autocheckpoint = 4000;
  PRAGMA journal_size_limit = 67108864;
`

export type Row = Readonly<Record<string, unknown>>

/** One file, opened by this process, and the transaction that is open on it, if one is. */
export class Connection {
  readonly database: DatabaseSync
  readonly transactions: GroupCommit
  #pulses = 0

  constructor(path: string) {
    this.database = new DatabaseSync(path)
    this.transactions = new GroupCommit(transactionsOf(this.database, watchPlace(path)))
  }

  /** To be called once the file is known to be ours. */
  configure(): void {
    patiently(() => this.database.exec(SETTINGS))
  }

  prepare(sql: string): StatementSync {
    return this.database.prepare(sql)
  }

  /** Changes something, in the transaction of this turn of the event loop, and answers how many rows. */
  write(statement: StatementSync, ...values: readonly SQLInputValue[]): number {
    this.transactions.begin()
    try {
      return Number(statement.run(...values).changes)
    } catch (error) {
      throw this.#unavailable(error)
    }
  }

  /** Writes a number that nobody reads, another one each time: only what writes finds out that the disk is full. */
  pulse(): void {
    this.transactions.begin()
    this.#pulses += 1
    try {
      this.database.exec(`PRAGMA user_version = ${this.#pulses}`)
    } catch (error) {
      throw this.#unavailable(error)
    }
  }

  read(statement: StatementSync, ...values: readonly SQLInputValue[]): Row | undefined {
    try {
      return statement.get(...values)
    } catch (error) {
      throw this.#unavailable(error)
    }
  }

  readAll(statement: StatementSync, ...values: readonly SQLInputValue[]): readonly Row[] {
    try {
      return statement.all(...values)
    } catch (error) {
      throw this.#unavailable(error)
    }
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

  #unavailable(error: unknown): unknown {
    if (!isOfDatabase(error)) return error
    this.transactions.noticeRollback(error)
    return new StoreUnavailable('the database failed', error)
  }
}

function transactionsOf(database: DatabaseSync, requireInPlace: () => void): Transactional {
  const patience = new Patience(database)
  // Immediate: a lock that is taken late can be refused when the work is half done.
  const begin = database.prepare('BEGIN IMMEDIATE')
  const commit = database.prepare('COMMIT')
  return {
    isOpen: () => database.isOpen && database.isTransaction,
    begin: () => {
      requireInPlace()
      patience.attempt(() => begin.run())
    },
    commit: () => void commit.run(),
    rollback: () => database.exec('ROLLBACK'),
  }
}

/** Whether SQLite said so, and not a mistake of ours in the values. */
export function isOfDatabase(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ERR_SQLITE_ERROR' || code === 'ERR_INVALID_STATE'
}
