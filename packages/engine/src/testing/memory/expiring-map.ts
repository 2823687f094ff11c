import type { Clock } from '../../ports.ts'
import type { Seconds } from '../../store/values.ts'

/** How many rows one `set` looks at: with two, the dead never outnumber the living for long. */
const LOOKS = 2

/** Rows that may be forgotten from a moment on, and are, a few with each new row. */
export class ExpiringMap<Row> {
  readonly #rows = new Map<string, Row>()
  readonly #clock: Clock
  readonly #endsAt: (row: Row) => Seconds
  #hand: Iterator<readonly [string, Row], unknown>

  constructor(clock: Clock, endsAt: (row: Row) => Seconds) {
    this.#clock = clock
    this.#endsAt = endsAt
    this.#hand = this.#rows.entries()
  }

  get size(): number {
    return this.#rows.size
  }

  /** The row, ended or not, unless it was forgotten. */
  get(key: string): Row | undefined {
    return this.#rows.get(key)
  }

  /** The row, unless it ended. */
  living(key: string): Row | undefined {
    const row = this.#rows.get(key)
    return row !== undefined && this.#endsAt(row) > this.#clock.now() ? row : undefined
  }

  /** Every row that was not forgotten. */
  all(): readonly Row[] {
    return [...this.#rows.values()]
  }

  /** As `all`, each with its key. */
  entries(): IterableIterator<readonly [string, Row]> {
    return this.#rows.entries()
  }

  set(key: string, row: Row): void {
    for (let look = 0; look < LOOKS; look += 1) this.#lookAtNext()
    this.#rows.set(key, row)
  }

  delete(key: string): boolean {
    return this.#rows.delete(key)
  }

  #lookAtNext(): void {
    const next = this.#hand.next()
    if (next.done === true) {
      this.#hand = this.#rows.entries()
      return
    }
    const [key, row] = next.value
    if (this.#endsAt(row) <= this.#clock.now()) this.#rows.delete(key)
  }
}
