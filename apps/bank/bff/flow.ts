/** Who takes part: the browser, the app's backend, the authorization server, the bank's API. */
export type Actor = 'browser' | 'app' | 'server' | 'api'

export type Topic =
  'login' | 'step_up' | 'accounts' | 'transactions' | 'payment' | 'logout' | 'session_end' | 'other'

export type HopKind =
  | 'login_asked'
  | 'request_pushed'
  | 'sent_to_server'
  | 'logged_in'
  | 'sent_back'
  | 'code_returned'
  | 'code_exchanged'
  | 'session_opened'
  | 'called'
  | 'token_refreshed'
  | 'forwarded'
  | 'answered'
  | 'step_up_asked'
  | 'logout_asked'
  | 'token_revoked'
  | 'ended_at_server'

/** One message, and what was checked where it arrived. */
export interface Hop {
  readonly what: HopKind
  readonly from: Actor
  readonly to: Actor
  /** Milliseconds since 1970. */
  readonly at: number
  readonly status?: number
  /** Ids of the register of requirements. Where the message was taken, all of them held. */
  readonly checks: readonly string[]
  /** Which of them did not hold. */
  readonly refused?: Refusal
}

/** The rule that was broken. Holds no token, code or secret. */
export interface Refusal {
  readonly id?: string
  readonly reason: string
  readonly expected?: string
  readonly received?: string
}

/** What one request of the browser led to. */
export interface Scene {
  readonly topic: Topic
  readonly at: number
  /** How often the same happened in a row. */
  readonly times: number
  readonly hops: readonly Hop[]
}

/** `GET /trail`: what happened in this browser since the last login, the oldest first. */
export interface Flow {
  readonly scenes: readonly Scene[]
  /** Whether the authorization server told its part. */
  readonly serverTold: boolean
}
