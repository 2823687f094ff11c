import { createHash } from 'node:crypto'
import type { AuditEvent, AuditLink, AuditRecord, AuditStream } from './store/audit.ts'

/** Before the first record of a stream. */
export const CHAIN_BEGINS: AuditLink = { sequence: 0, hash: '' }

/** What anybody can cause has a chain of its own: a flood of it pushes nothing else out. */
export function streamOf({ unauthenticated }: AuditEvent): AuditStream {
  return unauthenticated === true ? 'strangers' : 'trusted'
}

/** The one way to write a value down: members in the order of their names, nothing between them. @see RFC 8785 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`)
  return `{${members.join(',')}}`
}

/** A record and where it belongs. */
export interface StreamRecord extends AuditRecord {
  readonly stream: AuditStream
}

/**
 * The hash of a record: base64url SHA-256 of the canonical JSON of its event, of the hash before it, of its place and of its
 * stream. Stores that hash in the database build the same text.
 */
export function hashOf(
  previous: string,
  { stream, sequence, text }: Omit<StreamRecord, 'hash'>,
): string {
  return createHash('sha256')
    .update(
      `{"event":${text},"previous":"${previous}","sequence":${sequence},"stream":"${stream}"}`,
    )
    .digest('base64url')
}

/** The record of an event that comes after a link of its stream. */
export function recordAfter({ sequence, hash }: AuditLink, event: AuditEvent): StreamRecord {
  const next = { stream: streamOf(event), sequence: sequence + 1, text: canonicalJson(event) }
  return { ...next, hash: hashOf(hash, next) }
}

/** A place where a chain does not hold. */
export interface AuditBreak {
  /** The first record that is not as it should be, or not there. */
  readonly sequence: number
  readonly what: string
}

/** What is wrong with a record, if anything, when it comes after a link of its stream. */
export function breakAt(previous: AuditLink, record: StreamRecord): AuditBreak | undefined {
  const { sequence, hash } = record
  const expected = previous.sequence + 1
  if (sequence !== expected) return { sequence: expected, what: gapBefore(expected, sequence) }
  if (hash === hashOf(previous.hash, record)) return undefined
  const own = `record ${sequence} was changed, exchanged or put in`
  const what = previous.sequence === 0 ? own : `${own}, or record ${previous.sequence} was`
  return { sequence, what }
}

/** What is missing when a record is found in the place of another. */
export function gapBefore(expected: number, found: number): string {
  if (found < expected) return `record ${found} stands where record ${expected} belongs`
  if (found === expected + 1) return `record ${expected} is missing`
  return `records ${expected} to ${found - 1} are missing`
}
