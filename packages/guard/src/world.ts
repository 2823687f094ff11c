import type { Buffer } from 'node:buffer'
import type { Seconds } from '@signet/protocol'

/** A certificate, with those that lead from there to its authority, and its private key, all PEM. */
export interface ClientCredential {
  readonly certificate: string
  readonly key: string
}

/** One call to another server. */
export interface HttpCall {
  /** https; nothing else is called. */
  readonly url: string
  readonly accept: string
  /** The body of a POST; without it the call is a GET. */
  readonly form?: string
  /** What is shown to that server, for this call only, if it asks. */
  readonly certificate?: ClientCredential | undefined
}

export interface HttpAnswer {
  readonly status: number
  /** Without parameters, in lower case. */
  readonly mediaType: string
  readonly body: Buffer
}

/** Everything the guard takes from outside. */
export interface World {
  now(): Seconds
  /** A random UUID. */
  uuid(): string
  /** Never follows a redirect. Rejects when there is no whole answer in time, or it is too large. */
  http(call: HttpCall): Promise<HttpAnswer>
  /** Unpacks zlib data, and throws when it is none, or larger than allowed. */
  inflate(bytes: Buffer, largest: number): Buffer
  /** Ends idle connections. */
  close(): void
}
