import type { Evidence, Refusal } from '@signet/protocol'

/** Something an operator may want to know about later. Never holds a token, code, secret or assertion. */
export interface AuditEvent {
  readonly id: string
  /** Milliseconds since 1970. */
  readonly at: number
  readonly kind: 'refused' | 'failed' | 'login' | 'logout' | 'revoked' | 'administered'
  /** The step that wrote it: `push`, `exchange`, `login`, …; of what was administered the command. */
  readonly step: string
  readonly clientId?: string
  readonly subject?: string
  readonly refusal?: Refusal
  readonly evidence?: Evidence
  /** Who administered: a user of the operating system, the configuration file, or the schedule of the keys. */
  readonly by?: string
  /** What was administered, in a few words. */
  readonly detail?: string
  /** Anybody on the network can cause such events, as many as they like. */
  readonly unauthenticated?: true
}

/** How many events that anybody can cause are kept of each service: about 100 MB of them. */
export const UNAUTHENTICATED_KEPT = 100_000

/** The events of a service are two chains: what anybody can cause, and everything else. */
export const AUDIT_STREAMS = ['trusted', 'strangers'] as const
export type AuditStream = (typeof AUDIT_STREAMS)[number]

/** A place in a chain. */
export interface AuditLink {
  /** From one on, without a gap. Zero: before the first record. */
  readonly sequence: number
  /** Of the record there and all before it, in base64url. Empty before the first. @see audit-chain.ts */
  readonly hash: string
}

export interface AuditRecord extends AuditLink {
  /** The event as JSON, as it was written down: the hash is of these characters. */
  readonly text: string
}

/** Where the records of a stream that are kept lie. */
export interface AuditChain {
  /** The last record that was removed; everything after it is there. */
  readonly anchor: AuditLink
  /** The last record. */
  readonly head: AuditLink
}

export interface AuditPage {
  readonly stream: AuditStream
  /** The sequence before the first record wanted. */
  readonly after: number
  readonly limit: number
}

/**
 * Two chains of records, to which records are only added, by any number of processes. Old ones go from the beginning of a
 * chain and from nowhere else: of both streams what is older than the retention, of `strangers` all but the newest, up to a
 * ceiling. No event ever goes because of those of the other stream.
 */
export interface Audit {
  /** Adds an event to its stream. An event is recorded once; a second one of the same id changes nothing. */
  record(event: AuditEvent): Promise<void>
  find(id: string): Promise<AuditEvent | undefined>
  chain(stream: AuditStream): Promise<AuditChain>
  /** In order. */
  read(page: AuditPage): Promise<readonly AuditRecord[]>
}
