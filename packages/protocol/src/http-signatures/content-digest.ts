import { Buffer } from 'node:buffer'
import { hash } from 'node:crypto'
import type { FieldsToSet } from './message.ts'
import { isInnerList, readDictionary, serialiseBytes } from './structured-fields.ts'

/** The algorithms that may be relied on; of the registry, the others are too weak. @see RFC 9530 §5 */
const ALGORITHMS = ['sha-256', 'sha-512'] as const

/** The `Content-Digest` of a body, as it goes over the wire. @see RFC 9530 §2 */
export function contentDigest(body: Uint8Array): string {
  return `sha-256=${serialiseBytes(digest('sha-256', body))}`
}

/** What is to be set on a message that is signed with its body, if it has one. */
export function digestFields(body: Uint8Array | undefined): FieldsToSet {
  return body === undefined || body.length === 0 ? {} : { 'content-digest': contentDigest(body) }
}

/**
 * Whether a `Content-Digest` (all its lines) is one of this body: by at least one algorithm we know, and by every one of
 * them. Those we do not know say nothing.
 */
export function matchesDigest(fields: readonly string[], body: Uint8Array): boolean {
  const dictionary = readDictionary(fields)
  const known = ALGORITHMS.filter((algorithm) => dictionary?.has(algorithm))
  return (
    known.length > 0 &&
    known.every((algorithm) => {
      const member = dictionary?.get(algorithm)
      if (member === undefined || isInnerList(member)) return false
      const [stated] = member
      return stated instanceof ArrayBuffer && digest(algorithm, body).equals(Buffer.from(stated))
    })
  )
}

function digest(algorithm: (typeof ALGORITHMS)[number], body: Uint8Array): Buffer {
  return hash(algorithm.replace('-', ''), body, 'buffer')
}
