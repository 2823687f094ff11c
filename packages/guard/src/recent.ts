import { hash } from 'node:crypto'
import type { Seconds } from '@signet/protocol'

/** What was found out about tokens, by digest; the least recently used goes first. */
export interface Recent<Row> {
  /** The row, unless its time has passed. */
  find(digest: string, now: Seconds): Row | undefined
  remember(digest: string, row: Row): void
  readonly size: number
}

export function digestOf(token: string): string {
  return hash('sha256', token, 'base64url')
}

export function createRecent<Row extends { readonly until: Seconds }>(most: number): Recent<Row> {
  const known = new Map<string, Row>()
  return {
    find(digest, now) {
      const found = known.get(digest)
      if (found === undefined) return undefined
      known.delete(digest)
      if (found.until <= now) return undefined
      known.set(digest, found)
      return found
    },
    remember(digest, row) {
      known.set(digest, row)
      if (known.size <= most) return
      for (const oldest of known.keys()) {
        known.delete(oldest)
        return
      }
    },
    get size() {
      return known.size
    },
  }
}
