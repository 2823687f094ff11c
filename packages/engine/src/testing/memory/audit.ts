import { CHAIN_BEGINS, recordAfter, streamOf } from '../../audit-chain.ts'
import type { Clock } from '../../ports.ts'
import type { Audit, AuditChain, AuditEvent, AuditPage, AuditRecord } from '../../store/audit.ts'
import type { Seconds } from '../../store/values.ts'

/** How long events are kept: a day is more than any process with a memory store lives on purpose. */
const AUDIT_KEPT: Seconds = 86_400

export function auditIn(clock: Clock, unauthenticatedKept: number): Audit {
  const events = new Map<string, AuditEvent>()
  const forget = ({ id }: AuditEvent): void => void events.delete(id)
  const streams = {
    trusted: new Stream(clock, Infinity, forget),
    strangers: new Stream(clock, unauthenticatedKept, forget),
  }
  return {
    record: async (event) => {
      if (events.has(event.id)) return
      events.set(event.id, event)
      streams[streamOf(event)].add(event)
    },
    find: async (id) => events.get(id),
    chain: async (stream) => streams[stream].chain(),
    read: async (page) => streams[page.stream].read(page),
  }
}

interface Kept extends AuditRecord {
  readonly event: AuditEvent
}

class Stream {
  readonly #rows = new Map<number, Kept>()
  readonly #clock: Clock
  readonly #most: number
  readonly #forget: (event: AuditEvent) => void
  #anchor = CHAIN_BEGINS
  #head = CHAIN_BEGINS

  constructor(clock: Clock, most: number, forget: (event: AuditEvent) => void) {
    this.#clock = clock
    this.#most = most
    this.#forget = forget
  }

  add(event: AuditEvent): void {
    const record = recordAfter(this.#head, event)
    this.#rows.set(record.sequence, { ...record, event })
    this.#head = record
    // With two looks for each new row, the old never outnumber the young for long.
    for (let look = 0; look < 2; look += 1) this.#removeOldest()
  }

  chain(): AuditChain {
    return { anchor: linkOf(this.#anchor), head: linkOf(this.#head) }
  }

  read({ after, limit }: AuditPage): readonly AuditRecord[] {
    const first = Math.max(after, this.#anchor.sequence) + 1
    const count = Math.max(0, Math.min(limit, this.#head.sequence - first + 1))
    return Array.from({ length: count }, (_, index) => this.#rows.get(first + index)).flatMap(
      (row) => (row === undefined ? [] : [{ ...linkOf(row), text: row.text }]),
    )
  }

  #removeOldest(): void {
    const oldest = this.#rows.get(this.#anchor.sequence + 1)
    if (oldest === undefined) return
    const ends = oldest.event.at / 1000 + AUDIT_KEPT
    if (this.#rows.size <= this.#most && ends > this.#clock.now()) return
    this.#rows.delete(oldest.sequence)
    this.#forget(oldest.event)
    this.#anchor = oldest
  }
}

function linkOf({ sequence, hash }: AuditChain['head']): AuditChain['head'] {
  return { sequence, hash }
}
