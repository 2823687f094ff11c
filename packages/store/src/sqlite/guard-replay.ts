import type { Replay, Seconds } from '@signet/engine'
import { openFile, serviceOf } from './open-sqlite.ts'

export interface SqliteReplayOptions {
  /** The resource identifier of the API: whoever guards the same API remembers together. */
  readonly resource: string
  /** That of the guard; the clock of this machine by default. */
  readonly now?: (() => Seconds) | undefined
}

/** Where the guards of an API remember used proofs, if they run in several processes of one machine. */
export interface SqliteReplay extends Replay {
  /** Lets go of the file. What is asked afterwards is refused. */
  close(): void
}

/** A sweep looks at more rows than were added since the last one, so that what has ended never outnumbers the rest. */
const SWEEP_EVERY = 64
const SWEEP_BUDGET = 256

/**
 * Opens the file, or makes it, readable by its owner only. A mark counts when it is on disk: a guard that restarts, or
 * another one, knows it.
 *
 * @throws SchemaRefused when the file is not ours, or of a newer release.
 */
export function openSqliteReplay(
  path: string,
  { resource, now = () => Date.now() / 1_000 }: SqliteReplayOptions,
): SqliteReplay {
  const file = openFile(path, { now, milliseconds: () => Math.floor(now() * 1_000) })
  const { connection, tables } = file
  const service = serviceOf(connection, resource)
  let untilSweep = SWEEP_EVERY
  return {
    async first(marks) {
      const seen = tables.replay.first(service, marks)
      if (seen === undefined) untilSweep -= 1
      if (untilSweep === 0) {
        untilSweep = SWEEP_EVERY
        tables.replay.sweep(SWEEP_BUDGET)
      }
      await connection.transactions.settled()
      return seen
    },
    close: () => connection.close(),
  }
}
