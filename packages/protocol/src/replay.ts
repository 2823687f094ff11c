import { hash } from 'node:crypto'

/**
 * What a replay store keeps of something that may be used once: a digest of fixed length, which no two
 * different lists of parts share and which tells a reader of the store nothing.
 */
export function replayDigest(...parts: readonly string[]): string {
  return hash('sha256', JSON.stringify(parts), 'base64url')
}

/** The longest `jti` we remember. */
const LONGEST_JTI = 256

export function isJti(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= LONGEST_JTI
}
