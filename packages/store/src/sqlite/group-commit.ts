import { StoreUnavailable, type Seconds } from '@signet/engine'
import { performance } from 'node:perf_hooks'

/** The transactions of a database. */
export interface Transactional {
  isOpen(): boolean
  begin(): void
  commit(): void
  rollback(): void
}

/** What takes part in a transaction beside its statements. */
export interface Participant {
  /** Writes what is still to be written. */
  beforeCommit(): void
  /** The transaction ended, and what it wrote is kept or lost. */
  ended(kept: boolean): void
}

/**
 * How long after a loss `settled` rejects for everybody. A step may have written to the lost transaction and ask only
 * later, when it has waited for something else; no step takes longer than this.
 */
const LOSS_IS_FELT: Seconds = 15

/**
 * One transaction for everything that is written in one turn of the event loop: the first write opens it, and it is
 * committed when the turn ends. A commit waits for the disk, and this thread with it; what arrives meanwhile is read in
 * the next turn, and committed together. So the slower the disk and the more is in flight, the more share a commit, and
 * nobody has to wait for others to come.
 */
export class GroupCommit {
  readonly #database: Transactional
  readonly #participants: Participant[] = []
  readonly #monotonic: () => Seconds
  #turn: NodeJS.Immediate | undefined
  #waiting: PromiseWithResolvers<void> | undefined
  #lost: { readonly at: Seconds; readonly cause: unknown } | undefined
  #closed = false

  constructor(database: Transactional, monotonic: () => Seconds = () => performance.now() / 1000) {
    this.#database = database
    this.#monotonic = monotonic
  }

  join(participant: Participant): void {
    this.#participants.push(participant)
  }

  /**
   * Makes sure that a transaction is open.
   *
   * @throws StoreUnavailable when another process does not let go of the file, or after `close`.
   */
  begin(): void {
    if (this.#turn !== undefined) return
    if (this.#closed) throw new StoreUnavailable('the store is closed')
    try {
      this.#database.begin()
    } catch (error) {
      this.#rollback()
      throw new StoreUnavailable('no transaction could be begun', error)
    }
    this.#turn = setImmediate(() => this.commit())
  }

  /** Resolves when what was written so far is kept; rejects when it is lost, or may be. */
  settled(): Promise<void> {
    if (this.#isLossFelt()) return Promise.reject(this.#loss())
    if (this.#turn === undefined) return Promise.resolve()
    this.#waiting ??= Promise.withResolvers()
    return this.#waiting.promise
  }

  /** @throws StoreUnavailable when something was lost a short while ago. */
  check(): void {
    if (this.#isLossFelt()) throw this.#loss()
  }

  /**
   * Makes one transaction of everything that is written until `work` is done, however many turns it takes; of nothing when it
   * rejects. `settled` must not be waited for in between.
   *
   * @throws StoreUnavailable when it could not be kept, and what `work` throws.
   */
  async whole<Result>(work: () => Promise<Result>): Promise<Result> {
    this.commit()
    this.begin()
    clearImmediate(this.#turn)
    try {
      const result = await work()
      if (this.#turn === undefined) throw this.#loss()
      this.commit()
      this.check()
      return result
    } catch (error) {
      if (this.#turn !== undefined) this.#abandon()
      throw error
    }
  }

  /** Commits what is open now instead of at the end of the turn. */
  commit(): void {
    if (this.#turn === undefined) return
    try {
      for (const participant of this.#participants) participant.beforeCommit()
      this.#database.commit()
      this.#end()?.resolve()
    } catch (error) {
      this.#lose(error)
    }
  }

  /** SQLite ends a transaction by itself after some errors; whoever saw an error asks here. */
  noticeRollback(cause: unknown): void {
    if (this.#turn !== undefined && !this.#database.isOpen()) this.#lose(cause)
  }

  close(): void {
    this.commit()
    this.#closed = true
  }

  #lose(cause: unknown): void {
    this.#lost = { at: this.#monotonic(), cause }
    this.#abandon()
  }

  #abandon(): void {
    this.#rollback()
    this.#end(false)?.reject(this.#loss())
  }

  #rollback(): void {
    try {
      if (this.#database.isOpen()) this.#database.rollback()
    } catch {
      // What led here is what to tell. The next `begin` fails, and tries again.
    }
  }

  #end(kept = true): PromiseWithResolvers<void> | undefined {
    const waiting = this.#waiting
    clearImmediate(this.#turn)
    this.#turn = undefined
    this.#waiting = undefined
    for (const participant of this.#participants) participant.ended(kept)
    return waiting
  }

  #isLossFelt(): boolean {
    return this.#lost !== undefined && this.#monotonic() - this.#lost.at < LOSS_IS_FELT
  }

  #loss(): StoreUnavailable {
    return new StoreUnavailable('what was written is lost', this.#lost?.cause)
  }
}
