import { collectDefaultMetrics, Counter, Histogram, Registry } from '@prometheus-io/client'

/** What a process counts. No label holds an id, so that the number of series does not grow with use. */
export interface Metrics {
  readonly registry: Registry
  readonly requests: Counter<'service' | 'step' | 'outcome'>
  readonly refusals: Counter<'step' | 'reason'>
  readonly replays: Counter
  readonly nonceChallenges: Counter
  readonly jwksFetches: Counter<'result'>
  readonly logoutNotices: Counter<'result'>
  readonly swept: Counter<'table'>
  readonly duration: Histogram<'step'>
}

/** Milliseconds of a request: a step takes one to three, a login some 150. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5]

export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  return {
    registry,
    requests: new Counter({
      name: 'signet_requests_total',
      help: 'Requests by the step that decided and what it decided.',
      labelNames: ['service', 'step', 'outcome'],
      registers,
    }),
    refusals: new Counter({
      name: 'signet_refusals_total',
      help: 'Refused requests by the step and the reason, as signet explain shows it.',
      labelNames: ['step', 'reason'],
      registers,
    }),
    replays: new Counter({
      name: 'signet_replays_total',
      help: 'Assertions and proofs that had been used before.',
      registers,
    }),
    nonceChallenges: new Counter({
      name: 'signet_nonce_challenges_total',
      help: 'Requests that were asked to come again with a nonce.',
      registers,
    }),
    jwksFetches: new Counter({
      name: 'signet_jwks_fetches_total',
      help: 'Fetches of the jwks_uri of clients by how they ended.',
      labelNames: ['result'],
      registers,
    }),
    logoutNotices: new Counter({
      name: 'signet_logout_notices_total',
      help: 'Logout tokens for clients by how their delivery ended; retried are attempts that were not the last.',
      labelNames: ['result'],
      registers,
    }),
    swept: new Counter({
      name: 'signet_swept_rows_total',
      help: 'Rows of the store that had ended and were forgotten.',
      labelNames: ['table'],
      registers,
    }),
    duration: new Histogram({
      name: 'signet_request_duration_seconds',
      help: 'How long requests took, body and answer included.',
      labelNames: ['step'],
      buckets: BUCKETS,
      registers,
    }),
  }
}
