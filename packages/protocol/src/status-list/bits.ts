import { Buffer } from 'node:buffer'

/**
 * A list of so many statuses of one bit, in which these indices are set: eight to a byte, the first in its lowest bit.
 * Indices beyond the list are left out.
 *
 * @see Token Status List §4.1
 */
export function packStatuses(size: number, set: Iterable<number>): Buffer {
  const bytes = Buffer.alloc(Math.ceil(size / 8))
  for (const index of set) {
    if (index < size) bytes[index >> 3] = (bytes[index >> 3] ?? 0) | (1 << (index & 7))
  }
  return bytes
}
