import type { AuditEvent, AuditStream } from '@signet/engine'

/** Writes events to the end of a stream, in their order, all or none. */
export type WriteEvents = (stream: AuditStream, events: readonly AuditEvent[]) => Promise<void>

/** How many events are written at once, at most. */
const TOGETHER = 100

interface Waiting extends PromiseWithResolvers<void> {
  readonly event: AuditEvent
}

/**
 * Events of a stream follow each other, so whoever writes one waits for all that were written before, in other processes
 * too. Here they wait together, and go in one statement when the one before is done: a flood of them keeps one
 * connection busy, and not all.
 */
export class AuditQueue {
  readonly #write: WriteEvents
  readonly #waiting: Record<AuditStream, Waiting[]> = { trusted: [], strangers: [] }
  readonly #busy = new Set<AuditStream>()

  constructor(write: WriteEvents) {
    this.#write = write
  }

  add(stream: AuditStream, event: AuditEvent): Promise<void> {
    const waiting = { event, ...Promise.withResolvers<void>() }
    this.#waiting[stream].push(waiting)
    if (!this.#busy.has(stream)) void this.#empty(stream)
    return waiting.promise
  }

  async #empty(stream: AuditStream): Promise<void> {
    this.#busy.add(stream)
    for (;;) {
      const batch = this.#waiting[stream].splice(0, TOGETHER)
      if (batch.length === 0) break
      await this.#writeAll(stream, batch)
    }
    this.#busy.delete(stream)
  }

  async #writeAll(stream: AuditStream, batch: readonly Waiting[]): Promise<void> {
    try {
      await this.#write(
        stream,
        batch.map(({ event }) => event),
      )
      for (const { resolve } of batch) resolve()
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }
}
