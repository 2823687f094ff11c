import type { Seconds, Store } from '@signet/engine'
import type { FixedClock } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CLOCK_MARGIN } from '../clock-margin.ts'
import { LIFETIMES, trafficOn } from './day.ts'

const HOURS = 24
const VISITS_PER_HOUR = 12
const PAUSE: Seconds = 3600 / VISITS_PER_HOUR
/** What the server gives a sweep; it comes every five seconds, here only with every visit. */
const BUDGET = 200
/** Has nothing in common with the eight kinds of visits, so that what each leaves is seen. */
const VISITS_BETWEEN_COUNTS = 23

/** How long the events are kept, and how many of strangers: fewer than come in that time. */
export const AUDIT: { readonly retention: Seconds; readonly unauthenticated: number } = {
  retention: 6 * 3600,
  unauthenticated: 50,
}

/** A store that nobody has used, and what of it is on the disk. */
export interface GrowingStore {
  open(clock: FixedClock): Promise<Store>
  sweep(budget: number): Promise<unknown>
  /** Of every table there is. */
  rows(): Promise<Readonly<Record<string, number>>>
  bytes(): Promise<number>
  close(): unknown
}

/** The most rows that visits leave which write so many, each of them for so long. */
function alive(seconds: Seconds, rowsPerVisit: number = 1): number {
  return Math.ceil(((seconds + CLOCK_MARGIN) / PAUSE + 1) * rowsPerVisit)
}

/** The ceiling of an access token (SP-SEC-01), and a minute. */
const LONGEST_TOKEN: Seconds = 3_600 + 60

/** Every table whose rows end. A mark ends with its assertion or proof, some minutes after it was made. */
const LIVING: Readonly<Record<string, number>> = {
  pushed_requests: alive(LIFETIMES.pushedRequest + LIFETIMES.interaction),
  interactions: alive(LIFETIMES.interaction),
  codes: alive(LIFETIMES.refreshToken + LIFETIMES.code),
  replay_log: alive(600, 7),
  replay_marks: alive(600, 9),
  attempts: alive(300),
  sessions: alive(LIFETIMES.session),
  grants: alive(LIFETIMES.refreshToken),
  opaque_tokens: alive(LIFETIMES.accessToken, 2),
  // Two visits in a row of eight revoke; for as long as anything may live that was issued by then.
  revocations: alive(LIFETIMES.refreshToken + LONGEST_TOKEN, 1 / 4) + 1,
  status_lists: 1,
  status_revocations: alive(LIFETIMES.refreshToken + LIFETIMES.code, 1 / 4),
  audit_records: alive(AUDIT.retention) + AUDIT.unauthenticated,
}

/** Two days of visits, by a clock that is moved: no table has more than what lives, and the second day adds nothing. */
export function growthContract(name: string, open: () => Promise<GrowingStore>): void {
  test(`${name} does not grow from day to day`, async (context) => {
    const growing = await open()
    const traffic = await trafficOn((fixed) => growing.open(fixed))
    const day = async (): Promise<Most> => {
      const most = new Most()
      for (let count = 0; count < HOURS * VISITS_PER_HOUR; count += 1) {
        await traffic.visit(count)
        traffic.clock.advance(PAUSE)
        await growing.sweep(BUDGET)
        if (count % VISITS_BETWEEN_COUNTS === 0) {
          most.note(await growing.rows(), await growing.bytes())
        }
      }
      return most
    }
    const first = await day()
    const second = await day()
    await growing.close()
    context.diagnostic(`${name}, second day: ${JSON.stringify(second)}`)
    for (const [table, rows] of Object.entries(second.rows)) {
      const limit = LIVING[table] ?? first.rows[table] ?? 0
      assert.ok(rows <= limit, `${table}: ${rows} rows, where ${limit} can live`)
      assert.ok(rows <= (first.rows[table] ?? 0), `${table} grew to ${rows} rows on the second day`)
    }
    assert.ok(second.bytes <= first.bytes * 1.1, `${first.bytes}, then ${second.bytes} bytes`)
  })
}

/** The largest of what was seen in a day. */
class Most {
  readonly rows: Record<string, number> = {}
  bytes = 0

  note(rows: Readonly<Record<string, number>>, bytes: number): void {
    for (const [table, count] of Object.entries(rows)) {
      this.rows[table] = Math.max(this.rows[table] ?? 0, count)
    }
    this.bytes = Math.max(this.bytes, bytes)
  }
}
