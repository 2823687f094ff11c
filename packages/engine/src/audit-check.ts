import { breakAt, gapBefore, type AuditBreak, type StreamRecord } from './audit-chain.ts'
import type { Audit, AuditLink, AuditRecord, AuditStream } from './store/audit.ts'

/** What was found on the way along a chain. */
export interface ChainReport {
  readonly stream: AuditStream
  /** Where the chain begins: the records up to here are taken on trust, or from a head that was noted. */
  readonly anchor: AuditLink
  /** Where it ends. */
  readonly head: AuditLink
  readonly count: number
  readonly first?: AuditRecord
  readonly last?: AuditRecord
  /** Empty: nothing was changed, put in or removed between anchor and head. */
  readonly breaks: readonly AuditBreak[]
}

/** Follows a chain from record to record. After a break it goes on with what it found. */
export class ChainCheck {
  readonly #stream: AuditStream
  readonly #breaks: AuditBreak[] = []
  #noted: readonly AuditLink[]
  #anchor: AuditLink
  #at: AuditLink
  #count = 0
  #first: AuditRecord | undefined
  #last: AuditRecord | undefined

  /** @param noted what was the head at some time, as somebody else wrote it down */
  constructor(stream: AuditStream, anchor: AuditLink, noted: readonly AuditLink[] = []) {
    this.#stream = stream
    this.#anchor = anchor
    this.#at = anchor
    this.#noted = noted
    this.#meet(anchor)
  }

  get at(): AuditLink {
    return this.#at
  }

  add(record: StreamRecord): void {
    const found = breakAt(this.#at, record)
    if (found !== undefined) this.#breaks.push(found)
    this.#first ??= record
    this.#last = record
    this.#count += 1
    this.#at = record
    this.#meet(record)
  }

  /** Goes on where the records begin that are still there. */
  resume(anchor: AuditLink): void {
    this.#anchor = anchor
    this.#at = anchor
    this.#meet(anchor)
  }

  /** A record where none belongs: those before the anchor were removed. */
  stray({ sequence }: AuditLink): void {
    if (sequence <= this.#anchor.sequence)
      this.#break(sequence, `record ${sequence} stands before the first that is kept`)
  }

  /** @param head the last record as the store knows it; absent where nobody does */
  end(head: AuditLink = this.#at): ChainReport {
    const { sequence, hash } = this.#at
    if (sequence < head.sequence) {
      this.#break(sequence + 1, gapBefore(sequence + 1, head.sequence + 1))
    } else if (sequence > head.sequence) {
      this.#break(head.sequence + 1, behind(head.sequence + 1, sequence))
    } else if (hash !== head.hash) {
      this.#break(sequence, `record ${sequence} is not the head of the stream`)
    }
    for (const noted of this.#noted) this.#break(noted.sequence, this.#whyNotMet(noted))
    return {
      stream: this.#stream,
      anchor: this.#anchor,
      head: { sequence, hash },
      count: this.#count,
      ...(this.#first !== undefined && { first: this.#first }),
      ...(this.#last !== undefined && { last: this.#last }),
      breaks: this.#breaks,
    }
  }

  #break(sequence: number, what: string): void {
    this.#breaks.push({ sequence, what })
  }

  #meet({ sequence, hash }: AuditLink): void {
    this.#noted = this.#noted.filter((noted) => noted.sequence !== sequence || noted.hash !== hash)
  }

  #whyNotMet({ sequence }: AuditLink): string {
    if (sequence > this.#at.sequence)
      return `the chain ends at record ${this.#at.sequence}; record ${sequence} was noted`
    if (sequence < this.#anchor.sequence)
      return `record ${sequence} was noted, and is not kept any more`
    return `record ${sequence} is not the one that was noted`
  }
}

function behind(first: number, last: number): string {
  return first === last
    ? `record ${first} stands after the head`
    : `records ${first} to ${last} stand after the head`
}

const PAGE = 500

type Readable = Pick<Audit, 'chain' | 'read'>

/** Checks every record of a stream that is kept, while others are added and old ones removed. */
export async function checkChain(
  audit: Readable,
  stream: AuditStream,
  noted: readonly AuditLink[] = [],
): Promise<ChainReport> {
  const { anchor } = await audit.chain(stream)
  const [lowest] = await audit.read({ stream, after: Number.MIN_SAFE_INTEGER, limit: 1 })
  const check = new ChainCheck(stream, anchor, noted)
  if (lowest !== undefined) check.stray(lowest)
  return follow(check, audit, stream)
}

async function follow(
  check: ChainCheck,
  audit: Readable,
  stream: AuditStream,
): Promise<ChainReport> {
  let sought = 0
  for (;;) {
    const after = check.at.sequence
    const records = await audit.read({ stream, after, limit: PAGE })
    const { anchor, head } = await audit.chain(stream)
    const wasRemoved = anchor.sequence > after && records[0]?.sequence !== after + 1
    if (wasRemoved) check.resume(anchor)
    else for (const record of records) check.add({ stream, ...record })
    if (check.at.sequence !== after) continue
    // What was added since is there when it is looked for again.
    if (head.sequence <= after || head.sequence === sought) return check.end(head)
    sought = head.sequence
  }
}
