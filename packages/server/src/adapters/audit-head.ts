import { AUDIT_STREAMS, type AuditLink, type AuditStream } from '@signet/engine'

/** The head of a stream at some moment, to be kept where nobody reaches who reaches the database. */
export interface AuditHead extends AuditLink {
  readonly stream: AuditStream
}

/** As it is logged, and given to `signet audit verify --head`. */
export function headText({ stream, sequence, hash }: AuditHead): string {
  return `${stream}:${sequence}:${hash}`
}

/** Undefined: it is not the text of a head. */
export function parseHead(text: string): AuditHead | undefined {
  const [, name, sequence, hash] = /^(\w+):([1-9]\d{0,14}):([\w-]{43})$/.exec(text) ?? []
  const stream = AUDIT_STREAMS.find((one) => one === name)
  if (stream === undefined || hash === undefined) return undefined
  return { stream, sequence: Number(sequence), hash }
}
