import type { Clock, Mark, Seconds } from '@signet/engine'
import type { StatementSync } from 'node:sqlite'
import { CLOCK_MARGIN } from '../clock-margin.ts'
import type { Connection } from './connection.ts'
import type { Participant } from './group-commit.ts'
import { Documents } from './documents.ts'
import { Marks } from './marks.ts'

/** What one transaction marked. */
type Entry = [service: number, until: Seconds, digest: string]

/**
 * The marks of all services. Every process has them in memory; on disk they are a log, one row for each transaction.
 * A mark is judged only inside a transaction, which first reads what others have added: nobody can add more until it
 * ends. Random keys in a b-tree would dirty a page for each mark; the log dirties one for all.
 */
export class ReplayLog implements Participant {
  readonly #connection: Connection
  readonly #clock: Clock
  readonly #documents: Documents<readonly Entry[]>
  readonly #insert: StatementSync
  readonly #selectNewer: StatementSync
  readonly #selectBatch: StatementSync
  readonly #deleteEnded: StatementSync
  readonly #services = new Map<number, Marks>()
  #added: Entry[] = []
  #newest = 0
  #isCaughtUp = false
  #sweptTo = 0

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection
    this.#clock = clock
    this.#documents = new Documents(connection)
    this.#insert = connection.prepare('INSERT INTO replay_log (id, until, data) VALUES (?, ?, ?)')
    this.#selectNewer = connection.prepare(
      'SELECT id, data FROM replay_log WHERE id > ? ORDER BY id',
    )
    this.#selectBatch = connection.prepare(
      'SELECT id FROM replay_log WHERE id > ? ORDER BY id LIMIT ?',
    )
    // The newest row stays: without it, the next would count from one again, and the other processes would not see it.
    this.#deleteEnded = connection.prepare(`
      DELETE FROM replay_log
      WHERE id > ? AND id <= ? AND until < ? AND id < (SELECT max(id) FROM replay_log)`)
    this.#catchUp()
    connection.transactions.join(this)
  }

  first(service: number, marks: readonly Mark[]): Mark | undefined {
    this.#connection.transactions.begin()
    if (!this.#isCaughtUp) this.#catchUp()
    this.#isCaughtUp = true
    const seen = this.#of(service).addAll(marks, this.#clock.now())
    if (seen !== undefined) return seen
    for (const { digest, until } of marks) this.#added.push([service, until, digest])
    return undefined
  }

  beforeCommit(): void {
    if (this.#added.length === 0) return
    const until = Math.ceil(Math.max(...this.#added.map((entry) => entry[1])))
    this.#connection.write(this.#insert, this.#newest + 1, until, JSON.stringify(this.#added))
  }

  ended(kept: boolean): void {
    if (kept && this.#added.length > 0) this.#newest += 1
    if (!kept) this.#forget()
    this.#added = []
    this.#isCaughtUp = false
  }

  /** Looks at the next rows, at most so many, and forgets those whose marks have all ended. */
  sweep(budget: number): number {
    const rows = this.#connection.readAll(this.#selectBatch, this.#sweptTo, budget)
    const last = Number(rows.at(-1)?.['id'] ?? this.#sweptTo)
    const ended = this.#clock.now() - CLOCK_MARGIN
    const swept = this.#connection.write(this.#deleteEnded, this.#sweptTo, last, ended)
    this.#sweptTo = rows.length < budget ? 0 : last
    return swept
  }

  /** Reads what other processes have added, or, at first, everything. */
  #catchUp(): void {
    const now = this.#clock.now()
    for (const row of this.#connection.readAll(this.#selectNewer, this.#newest)) {
      for (const [service, until, digest] of this.#documents.of(row)) {
        this.#of(service).add(digest, until, now)
      }
      this.#newest = Number(row['id'])
    }
  }

  /** What the lost transaction marked is free again; the log knows what is not. */
  #forget(): void {
    this.#services.clear()
    this.#newest = 0
  }

  #of(service: number): Marks {
    const known = this.#services.get(service)
    if (known !== undefined) return known
    const marks = new Marks()
    this.#services.set(service, marks)
    return marks
  }
}
