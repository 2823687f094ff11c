import { hash } from 'node:crypto'
import type { Seconds } from '@signet/protocol'

/** What was found out about tokens, by digest; what was not asked for lately is forgotten first. */
export interface Recent<Row> {
  /** The row, unless its time has passed. */
  find(digest: string, now: Seconds): Row | undefined
  remember(digest: string, row: Row): void
  readonly size: number
}

export function digestOf(token: string): string {
  return hash('sha256', token, 'base64url')
}

/**
 * Remembers so many rows at most, in two generations: when the young one is full, the old one goes. That costs nothing per
 * row, where a map that loses its oldest row each time has to step over all it lost before.
 */
export function createRecent<Row extends { readonly until: Seconds }>(most: number): Recent<Row> {
  const half = Math.floor(most / 2)
  let young = new Map<string, Row>()
  let old = new Map<string, Row>()

  const remember = (digest: string, row: Row): void => {
    if (half === 0) return
    if (young.size >= half) {
      old = young
      young = new Map()
    }
    young.set(digest, row)
  }
  return {
    find(digest, now) {
      const isYoung = young.has(digest)
      const found = isYoung ? young.get(digest) : old.get(digest)
      if (found === undefined || found.until <= now) return undefined
      if (!isYoung) remember(digest, found)
      return found
    },
    remember,
    get size() {
      return young.size + old.size
    },
  }
}
