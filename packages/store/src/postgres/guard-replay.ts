import type { Replay, Seconds } from '@signet/engine'
import { CLOCK_MARGIN } from '../clock-margin.ts'
import { keyOf } from './key-of.ts'
import type { Schema } from './migration.ts'
import { openLanes, type OpeningOptions } from './open-lanes.ts'
import { replayOf } from './replay.ts'
import { MARKS_ENDED, sweepOf } from './sweep.ts'

/** What the guards of APIs keep, which is another schema than that of an authorization server. Never edited. */
export const GUARD: Schema = {
  name: 'signet_guard',
  remedy: 'open it once with "migrate"',
  migrations: [
    {
      name: 'used proofs',
      phase: 'expand',
      sql: `
        CREATE TABLE signet_guard.marks (
          service text COLLATE "C" NOT NULL,
          key text COLLATE "C" NOT NULL,
          ends double precision NOT NULL,
          PRIMARY KEY (service, key)
        );
        CREATE INDEX marks_by_end ON signet_guard.marks (ends);
      `,
    },
  ],
}

export interface PostgresReplayOptions extends OpeningOptions {
  /** The resource identifier of the API: whoever guards the same API remembers together. */
  readonly resource: string
  /** That of the guard; the clock of this machine by default. */
  readonly now?: (() => Seconds) | undefined
}

/** Where the guards of an API remember used proofs, in any number of processes. */
export interface PostgresReplay extends Replay {
  /** Lets go of the connections. What is asked afterwards is refused. */
  close(): Promise<void>
}

/** A sweep takes more rows than were added since the last one, so that what has ended never outnumbers the rest. */
const SWEEP_EVERY = 64
const SWEEP_BUDGET = 256
const SWEEP = sweepOf('signet_guard.marks', MARKS_ENDED)

/**
 * Opens the database. A mark counts when it is on disk: a guard that restarts, or another one, knows it. While the database
 * cannot be asked, nothing is believed.
 *
 * @throws SchemaRefused when the schema is not ours, too old or too new; StoreUnavailable when the database cannot be reached.
 */
export async function openPostgresReplay(options: PostgresReplayOptions): Promise<PostgresReplay> {
  const { resource, now = () => Date.now() / 1_000 } = options
  const lanes = await openLanes(options, { schema: GUARD, now: now() })
  const service = keyOf(resource)
  const replay = replayOf(
    (statement, ...values) => lanes.send(statement, [service, ...values]),
    'signet_guard.marks',
    { now },
  )
  let untilSweep = SWEEP_EVERY
  const sweep = async (): Promise<void> => {
    untilSweep = SWEEP_EVERY
    await lanes.ask(SWEEP, [now() - CLOCK_MARGIN, SWEEP_BUDGET])
  }
  return {
    async first(marks) {
      const seen = await replay.first(marks)
      if (seen === undefined) untilSweep -= 1
      // Nobody waits for it, and what it could not do the next one does.
      if (untilSweep <= 0) sweep().catch(() => undefined)
      return seen
    },
    close: () => lanes.close(),
  }
}
