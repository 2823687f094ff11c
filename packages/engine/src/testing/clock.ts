import type { Clock } from '../ports.ts'
import type { Seconds } from '../store/values.ts'

/** A clock that stands still until it is moved. */
export interface FixedClock extends Clock {
  /** Moves the clock, backwards when negative. */
  advance(seconds: Seconds): void
  set(now: Seconds): void
}

/** 2027-01-15T08:00:00Z: any moment will do, as long as it is always the same. */
const MORNING: Seconds = 1_800_000_000

export function fixedClock(start: Seconds = MORNING): FixedClock {
  let now = start
  return {
    now: () => Math.floor(now),
    milliseconds: () => Math.round(now * 1000),
    advance: (seconds) => {
      now += seconds
    },
    set: (moment) => {
      now = moment
    },
  }
}
