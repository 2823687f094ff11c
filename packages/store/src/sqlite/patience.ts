import type { DatabaseSync } from 'node:sqlite'

/**
 * How long SQLite waits by itself before the caller is told that another process has the file, and asks again. Left to wait
 * longer it would look ten times a second only, and a process that has the file nearly always, and gives it away for a
 * moment at a time, would starve all others.
 */
const PAUSE_MILLISECONDS = 1

/** How long a statement waits for another process, which holds the file until its disk has what was committed. */
const LONG_MILLISECONDS = 5_000
/** How long, when one has waited in vain: this thread waits, and with it everybody who asks this process for something. */
const SHORT_MILLISECONDS = 10

/** How long statements wait for a file that another process holds: as long as is good for all. */
export class Patience {
  readonly #monotonic: () => number
  #milliseconds = LONG_MILLISECONDS

  /** @param monotonic milliseconds that only go forward. */
  constructor(database: DatabaseSync, monotonic: () => number = () => performance.now()) {
    this.#monotonic = monotonic
    database.exec(`PRAGMA busy_timeout = ${PAUSE_MILLISECONDS}`)
  }

  /** Does something that may have to wait; throws what it throws. */
  attempt<Result>(work: () => Result): Result {
    const given = this.#monotonic()
    for (;;) {
      try {
        const result = work()
        this.#milliseconds = LONG_MILLISECONDS
        return result
      } catch (error) {
        if (!isBusy(error)) throw error
        if (this.#monotonic() - given < this.#milliseconds) continue
        this.#milliseconds = SHORT_MILLISECONDS
        throw error
      }
    }
  }
}

/** SQLITE_BUSY, in all its variants. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === 5
}
