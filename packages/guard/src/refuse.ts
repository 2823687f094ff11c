import { shown, type Refused } from '@signet/protocol'
import { challengeOf, errorOf, statusOf, type ChallengePolicy } from './challenge.ts'
import type { Seen } from './check.ts'
import type { AnswerHeaders, Challenge, RefusalEvent } from './outcome.ts'
import { pathOf, type GuardRequest } from './request.ts'
import type { Requirements } from './requirements.ts'
import { textClaim } from './token-claims.ts'

const RETRY_AFTER = '5'

/** What a refusal is about. */
export interface About {
  readonly request: GuardRequest
  readonly requirements: Requirements
  readonly seen: Seen
  readonly interactionId: string
}

/** A broken rule as logs and metrics are told of it. */
export function eventOf(
  refused: Refused,
  { request, seen, interactionId }: About,
  { at, mode }: Pick<RefusalEvent, 'at' | 'mode'>,
): RefusalEvent {
  const clientId = seen.token && textClaim(seen.token, 'client_id')
  return {
    ...refused.evidence,
    at,
    mode,
    error: refused.refusal.error,
    description: refused.refusal.description,
    status: statusOf(refused),
    method: request.method,
    path: shown(pathOf(request.target)).slice(1, -1),
    interactionId,
    ...(clientId !== undefined && { clientId }),
  }
}

export interface Answering {
  readonly about: About
  readonly event: RefusalEvent
  readonly policy: ChallengePolicy
  /** Of every answer. */
  readonly headers: AnswerHeaders
}

/** A broken rule as the client is told of it. The only place where an answer to a refusal is made. */
export function challenge(
  refused: Refused,
  { about, event, policy, headers }: Answering,
): Challenge {
  const { requirements, seen } = about
  const told = challengeOf(refused, { scheme: seen.scheme, requirements }, policy)
  const error = errorOf(refused)
  return {
    action: 'refused',
    status: event.status,
    headers: {
      ...headers,
      ...(told === undefined ? { 'retry-after': RETRY_AFTER } : { 'www-authenticate': told }),
      'cache-control': 'no-store',
    },
    ...(error !== undefined && {
      body: { error, error_description: refused.refusal.description },
    }),
    event,
  }
}
