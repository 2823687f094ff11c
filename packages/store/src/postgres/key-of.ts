import { createHash } from 'node:crypto'

/** Digests, and almost every name, are shorter. */
const LONGEST = 200

/**
 * What a row is found by: the name itself where PostgreSQL can keep and index it, the digest of the name where it is too
 * long or holds what no text of PostgreSQL may. Digests begin with a sign that no name itself begins with here.
 */
export function keyOf(name: string): string {
  if (
    name.length <= LONGEST &&
    !name.startsWith('#') &&
    !name.includes('\0') &&
    name.isWellFormed()
  ) {
    return name
  }
  return `#${createHash('sha256').update(Buffer.from(name, 'utf16le')).digest('base64url')}`
}
