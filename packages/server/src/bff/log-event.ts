import type { BffEvent } from '@signet/bff'
import type { Logger } from 'pino'
import type { LineLimit } from '../management/line-limit.ts'

type Level = 'debug' | 'info' | 'warn' | 'error'

/** How much an operator wants to know of it. */
const LEVELS: Readonly<Record<BffEvent['type'], Level>> = {
  login_started: 'debug',
  login_succeeded: 'info',
  login_failed: 'warn',
  logout: 'info',
  refresh: 'debug',
  revocation_failed: 'warn',
  proxied: 'debug',
  csrf_rejected: 'warn',
  validation_failed: 'warn',
  authority_unavailable: 'error',
  store_unavailable: 'error',
  fault: 'error',
}

/** What a log needs in which anybody can cause lines. */
export interface Logging {
  readonly log: Logger
  /** Of the lines about what went wrong, apart: what anybody can cause at will hides no fault. */
  readonly limits: Readonly<Record<'warn' | 'error', LineLimit>>
}

/** Writes what happened to the log. Events hold no token, code or cookie, and of a person nothing. */
export function logEvent(event: BffEvent, { log, limits }: Logging): void {
  const level = levelOf(event)
  if ((level === 'warn' || level === 'error') && !limits[level]()) return
  if (event.type === 'fault') {
    log.error({ eventId: event.eventId, err: event.error }, 'fault')
    return
  }
  const { type, ...details } = event
  log[level](details, type.replaceAll('_', ' '))
}

function levelOf(event: BffEvent): Level {
  const isTrouble =
    event.type === 'refresh' && (event.result === 'dead' || event.result === 'unavailable')
  return isTrouble ? 'warn' : LEVELS[event.type]
}
