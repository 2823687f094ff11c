import type { DatabaseSync } from 'node:sqlite'
import { isBusy } from './patiently.ts'

/** How long a statement waits for another process, which holds the file for a millisecond or two at a time. */
const LONG_MILLISECONDS = 5_000
/** How long, when one has waited in vain: this thread waits, and with it everybody who asks this process for something. */
const SHORT_MILLISECONDS = 10

/** How long statements wait for a file that another process holds: as long as is good for all. */
export class Patience {
  readonly #database: DatabaseSync
  #milliseconds = 0

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#wait(LONG_MILLISECONDS)
  }

  /** Does something that may have to wait; throws what it throws. */
  attempt<Result>(work: () => Result): Result {
    try {
      const result = work()
      this.#wait(LONG_MILLISECONDS)
      return result
    } catch (error) {
      if (isBusy(error)) this.#wait(SHORT_MILLISECONDS)
      throw error
    }
  }

  #wait(milliseconds: number): void {
    if (this.#milliseconds === milliseconds) return
    this.#database.exec(`PRAGMA busy_timeout = ${milliseconds}`)
    this.#milliseconds = milliseconds
  }
}
