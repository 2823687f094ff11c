import type { Registry } from '@prometheus-io/client'
import type { Health } from './management/health.ts'

/** A server that takes requests. */
export interface RunningServer {
  /** Where it listens, as the machine sees it; the issuers are what clients see. */
  readonly url: string
  /** The same of the listener for clients with certificates, if there is one. */
  readonly mtlsUrl?: string
  /** Of `/livez`, `/readyz` and `/metrics`, if they are served. */
  readonly managementUrl?: string
  /** Turns readiness off, takes no more connections, lets requests under way end, and lets go of everything. */
  close(): Promise<void>
}

/** A server of this process, whose health can be asked for in it. */
export interface StartedServer extends RunningServer {
  readonly health: Health & { readonly registry: Registry }
}
