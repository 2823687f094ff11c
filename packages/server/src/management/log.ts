import { pino, type DestinationStream, type Logger } from 'pino'
import type { Config } from '../config/config.ts'

/**
 * Names under which somebody may some day log what must not be read later: queries hold references and codes, bodies and
 * header fields hold credentials, and certificates hold the names of whoever they are for.
 */
const NEVER = [
  'authorization',
  'body',
  'certificate',
  'certificates',
  'chain',
  'client_assertion',
  'code',
  'cookie',
  'cookies',
  'dpop',
  'headers',
  'mutualTls',
  'password',
  'passwordHash',
  'query',
  'rawHeaders',
  'set-cookie',
  'token',
  'url',
]

export function createLog(level: Config['log']['level'], destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string): object => ({ level: label }) },
    redact: { paths: NEVER.flatMap((name) => [`["${name}"]`, `*["${name}"]`]), remove: true },
    serializers: { err: describe },
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}

/** Where it happened and what it was; not what other members an error carries, such as the packet that was received. */
function describe(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error }
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...('code' in error && { code: String(error.code) }),
    ...(error.cause !== undefined && { cause: describe(error.cause) }),
  }
}
