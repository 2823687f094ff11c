import { CLOCK_AHEAD, hasBegun, isUnexpired, offset, type Seconds } from '../time.ts'
import type { MessageSignature } from './signatures.ts'

/** How old a signature may be. @see FAPI 2.0 HTTP Signatures §5.3.1.2-6 */
const OLDEST: Seconds = 60

type Times = Pick<MessageSignature, 'created' | 'expires'>

/** Whether a signature says when it was made, was made just now, and has not ended. */
export function isFresh({ created, expires }: Times, now: Seconds): boolean {
  return (
    created !== undefined &&
    created >= now - OLDEST &&
    hasBegun(created, now) &&
    (expires === undefined || isUnexpired(expires, now))
  )
}

export function freshTimes(now: Seconds): string {
  return `created from ${now - OLDEST} to ${now + CLOCK_AHEAD}, and expires, if there is one, not in the past`
}

export function toldTimes({ created, expires }: Times, now: Seconds): string {
  const ends = expires === undefined ? '' : `, expires ${offset(expires, now)}`
  return created === undefined ? 'no created' : `created ${offset(created, now)}${ends}`
}
