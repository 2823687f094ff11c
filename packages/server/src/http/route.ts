import type { FastifyRequest } from 'fastify'
import type { Answer } from './answer.ts'

/** Who reads the answers of a route: it decides in which form mistakes are told. */
export type Audience = 'client' | 'browser' | 'anybody'

/** One line of the HTTP surface: what comes in on which path, and what goes out. */
export interface Route {
  /** Below the issuer. */
  readonly on: `${'GET' | 'POST'} /${string}`
  /** Its name in metrics, logs and the audit. */
  readonly step: string
  readonly audience: Audience
  readonly handle: (request: FastifyRequest) => Answer | Promise<Answer>
}

/** The part of a path that stands for `:name`; empty when the route has none. */
export function pathParameter({ params }: FastifyRequest, name: string): string {
  if (typeof params !== 'object' || params === null || !(name in params)) return ''
  const value: unknown = Reflect.get(params, name)
  return typeof value === 'string' ? value : ''
}
