import type { Seconds } from '@signet/engine'
import { createHash } from 'node:crypto'

/**
 * How much longer Redis keeps a row than we need it. It forgets by its own clock, and what was marked by ours: either may be
 * set by as much without a mark being forgotten while the statement it stands for would be believed. Whether a row counts is
 * judged by our clock and what stands in it.
 */
export const CLOCK_MARGIN: Seconds = 600

/** What belongs to one service: its keys lie in one slot of a cluster, so that a script can see them together. */
export class Keys {
  readonly #prefix: string

  /** @param name unique among all that share the Redis, of any length. */
  constructor(kind: string, name: string) {
    // A digest: the name of a service may hold a brace, and the slot must not be for others to choose.
    const tag = createHash('sha256').update(`${kind} ${name}`).digest('base64url').slice(0, 22)
    this.#prefix = `signet:{${tag}}:`
  }

  of(kind: string, name: string = ''): string {
    return `${this.#prefix}${kind}:${name}`
  }
}

/** The milliseconds for which Redis is to keep what ends then. */
export function keptFor(ends: Seconds, now: Seconds): string {
  return `${Math.ceil((Math.max(ends - now, 0) + CLOCK_MARGIN) * 1_000)}`
}
