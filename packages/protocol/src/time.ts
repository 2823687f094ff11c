/** A point in time (seconds since 1970-01-01T00:00:00Z) or a span of it. */
export type Seconds = number

/**
 * How far in the future `iat` and `nbf` may lie. Clocks differ: 10 s must be accepted, more than
 * 60 s must be refused, and some ecosystems need 30.
 *
 * @see FAPI 2.0 Security Profile §5.3.2.1-13
 */
export const CLOCK_AHEAD: Seconds = 30

/** How long after `exp` a JWT is still taken, so that a hop of the network does not end it. */
export const EXPIRY_GRACE: Seconds = 5

/** A NumericDate. @see RFC 7519 §2 */
export function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

/** Whether an `iat` or `nbf` is absent, or a time not too far ahead of `now`. */
export function hasBegun(since: unknown, now: Seconds): boolean {
  return since === undefined || (isNumericDate(since) && since <= now + CLOCK_AHEAD)
}

/** Whether `exp` is a time that has not passed. */
export function isUnexpired(expiry: unknown, now: Seconds): boolean {
  return isNumericDate(expiry) && expiry + EXPIRY_GRACE > now
}

/** A time a peer stated, told to an operator as its distance from the time of the server. */
export function offset(stated: unknown, now: Seconds): string {
  if (!isNumericDate(stated)) return `${typeof stated} instead of a number of seconds`
  const distance = Math.round(stated - now)
  return `${stated}, which is ${distance < 0 ? '' : '+'}${distance} s from the time of the server, ${now}`
}
