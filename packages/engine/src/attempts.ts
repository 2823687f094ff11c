import type { AttemptPolicy } from './store/ephemeral.ts'
import type { Seconds } from './store/values.ts'

/** What an attempt comes to; `fullAt` is all a store remembers of a bucket: when every attempt is back. */
export interface Attempt {
  /** Zero: go on. */
  readonly wait: Seconds
  readonly fullAt: Seconds
}

/**
 * Takes an attempt from a bucket that is full at `fullAt` (zero: never used). Refused attempts cost nothing, so that
 * hammering on does not prolong the wait; nor does a clock that was ahead and came back.
 */
export function takeAttempt(fullAt: Seconds, policy: AttemptPolicy, now: Seconds): Attempt {
  const longest = policy.burst * policy.refill
  const missing = Math.min(Math.max(fullAt - now, 0), longest)
  const wait = missing + policy.refill - longest
  return wait > 0
    ? { wait: Math.ceil(wait), fullAt: now + missing }
    : { wait: 0, fullAt: now + missing + policy.refill }
}
