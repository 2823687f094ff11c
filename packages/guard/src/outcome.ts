import type { ErrorCode, Evidence, Seconds } from '@signet/protocol'
import type { Mode } from './options.ts'
import type { TokenClaims } from './token-claims.ts'

/** Header names in lower case. */
export type AnswerHeaders = Readonly<Record<string, string>>

/** The request may go on to the API. */
export interface Granted {
  readonly action: 'granted'
  /**
   * What the token says. Undefined only outside of `enforce`, for a request whose token did not even verify; there, other
   * rules may have been broken although it is set (see `refused`).
   */
  readonly token: TokenClaims | undefined
  /** To be set on the answer. */
  readonly headers: AnswerHeaders
  /** What would have been refused, had the mode been `enforce`. */
  readonly refused?: RefusalEvent
}

/** The request ends here, with this answer. */
export interface Challenge {
  readonly action: 'refused'
  readonly status: number
  readonly headers: AnswerHeaders
  /** JSON; without it the answer has no body. */
  readonly body?: { readonly error: ErrorCode; readonly error_description: string }
  readonly event: RefusalEvent
}

/** A broken rule, for logs and metrics. Holds no token, proof or secret. */
export interface RefusalEvent extends Evidence {
  readonly at: Seconds
  readonly mode: Mode
  readonly error: ErrorCode
  /** What the client is told, or would be. */
  readonly description: string
  readonly status: number
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** Of the request, or made for it. */
  readonly interactionId: string
  /** Of a token that was verified. */
  readonly clientId?: string
}
