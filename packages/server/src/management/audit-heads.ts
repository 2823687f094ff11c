import { AUDIT_STREAMS, type Store } from '@signet/engine'
import type { Logger } from 'pino'
import { headText } from '../adapters/audit-head.ts'

/** Milliseconds. */
const HOUR = 3_600_000

/** A service whose audit is told of, and its log. */
export interface AuditedService {
  readonly store: Pick<Store, 'audit' | 'settled'>
  readonly log: Logger
}

export interface TellingHeads {
  /** Logs the heads of all streams now. */
  tell(): Promise<void>
  /** Logs them once more, and then no more. */
  stop(): Promise<void>
}

/**
 * Logs the heads of all audit streams every hour: whoever makes a chain anew in the database cannot take back what a log
 * keeps elsewhere. `signet audit verify --head` takes them.
 *
 * @param services may grow
 */
export function startTellingHeads(
  services: readonly AuditedService[],
  every: number = HOUR,
): TellingHeads {
  const tell = async (): Promise<void> => {
    for (const service of services) await tellHeads(service)
  }
  const timer = setInterval(() => void tell(), every).unref()
  return {
    tell,
    stop: () => {
      clearInterval(timer)
      return tell()
    },
  }
}

async function tellHeads({ store, log }: AuditedService): Promise<void> {
  try {
    for (const stream of AUDIT_STREAMS) {
      const { head } = await store.audit.chain(stream)
      // What is logged must not be lost.
      await store.settled()
      if (head.sequence > 0) log.info({ auditHead: headText({ stream, ...head }) }, 'audit head')
    }
  } catch (error) {
    log.error({ err: error }, 'the head of the audit could not be read')
  }
}
