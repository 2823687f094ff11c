import type { Seconds } from '@signet/engine'
import { createHash } from 'node:crypto'
import { CLOCK_MARGIN } from '../clock-margin.ts'

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

/** The milliseconds for which Redis, which forgets by its own clock, is to keep what ends then by ours. */
export function keptFor(ends: Seconds, now: Seconds): string {
  return `${Math.ceil((Math.max(ends - now, 0) + CLOCK_MARGIN) * 1_000)}`
}
