import {
  canonicalJson,
  type Audit,
  type AuditEvent,
  type AuditLink,
  type AuditStream,
  type StreamRecord,
} from '@signet/engine'
import { shown, timeOf } from './context.ts'

/** A record as somebody needs it who has nothing else. */
export interface ChainedRecord extends StreamRecord {
  /** The hash of the record before it. */
  readonly previous: string
}

const PAGE = 500

/** The place of a record, or the one before the first that is kept. */
export async function linkAt(
  audit: Audit,
  stream: AuditStream,
  sequence: number,
): Promise<AuditLink> {
  const { anchor } = await audit.chain(stream)
  if (sequence <= anchor.sequence) return anchor
  const [record = anchor] = await audit.read({ stream, after: sequence - 1, limit: 1 })
  return record
}

/** The records behind a place that are there now, in order. */
export async function* recordsAfter(
  audit: Audit,
  stream: AuditStream,
  place: AuditLink,
): AsyncGenerator<ChainedRecord> {
  let before = place
  for (;;) {
    const records = await audit.read({ stream, after: before.sequence, limit: PAGE })
    if (records.length === 0) return
    for (const record of records) {
      yield { ...record, stream, previous: before.hash }
      before = record
    }
  }
}

/** The event of a record; undefined when other hands made something else of it. */
export function eventOf({ text }: Pick<StreamRecord, 'text'>): AuditEvent | undefined {
  try {
    const event: unknown = JSON.parse(text)
    const isEvent = typeof event === 'object' && event !== null && 'at' in event
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- whoever wrote it had an event; it is shown as it is
    if (isEvent && typeof event.at === 'number') return event as AuditEvent
  } catch {
    // told by what is answered
  }
  return undefined
}

/** A record in one line of JSON: without `hash`, what its hash is of (RFC 8785). */
export function jsonLine(record: ChainedRecord): string {
  const { stream, sequence, hash, previous, text } = record
  const event = eventOf(record) ?? text
  return canonicalJson({ event, hash, previous, sequence, stream })
}

/** A record in one line for people. */
export function plainLine(record: ChainedRecord): string {
  const { stream, sequence } = record
  const event = eventOf(record)
  if (event === undefined) return `${stream} ${sequence} cannot be read; see signet audit verify`
  const { id, at, kind, step, clientId, subject, by, detail, evidence } = event
  const named = Object.entries({ client: clientId, user: subject, by, detail })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  const words = [timeOf(at), stream, sequence, kind, step, ...named, evidence?.reason, id]
  return shown(words.filter((word) => word !== undefined).join(' '))
}
