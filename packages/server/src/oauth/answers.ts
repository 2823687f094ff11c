import type {
  IntrospectOutcome,
  PushOutcome,
  RefusedOutcome,
  RevokeOutcome,
  Service,
  TokenOutcome,
  UserinfoOutcome,
} from '@signet/engine'
import { ALGORITHMS, serialiseChallenges } from '@signet/protocol'
import { empty, json, jwt, type Answer, type Headers } from '../http/answer.ts'

/** One HTTP answer for every action an outcome may have; a missing one does not compile. */
export type Answers<Outcome extends { readonly action: string }, Context = undefined> = {
  readonly [Action in Outcome['action']]: (
    outcome: Extract<Outcome, { readonly action: Action }>,
    context: Context,
  ) => Answer
}

export function answer<Outcome extends { readonly action: string }, Context = undefined>(
  answers: Answers<Outcome, Context>,
  outcome: Outcome,
  ...context: Context extends undefined ? [] : [Context]
): Answer {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- TypeScript cannot correlate the key with its value
  const give = answers[outcome.action as Outcome['action']] as (
    outcome: Outcome,
    ...context: readonly unknown[]
  ) => Answer
  return give(outcome, ...context)
}

/** What clients are answered at the endpoints of one service. */
export interface ClientAnswers {
  readonly push: Answers<PushOutcome>
  readonly token: Answers<TokenOutcome>
  readonly introspect: Answers<IntrospectOutcome>
  readonly revoke: Answers<RevokeOutcome>
  readonly userinfo: Answers<UserinfoOutcome>
}

export function clientAnswers({ issuer, endpoints }: Service): ClientAnswers {
  const refused = (outcome: RefusedOutcome, headers?: Headers): Answer =>
    json(
      outcome.refusal.error === 'invalid_client' ? 401 : 400,
      errorBody(outcome, endpoints.errors),
      {
        ...nonceOf(outcome),
        ...headers,
      },
    )
  return {
    push: {
      created: ({ requestUri, expiresIn, ...outcome }) =>
        json(201, { request_uri: requestUri, expires_in: expiresIn }, nonceOf(outcome)),
      refused: (outcome) => refused(outcome),
    },
    token: {
      issued: (outcome) => json(200, outcome.response, nonceOf(outcome)),
      refused: (outcome) => refused(outcome),
    },
    introspect: {
      introspected: ({ response }) => json(200, response),
      refused: (outcome) =>
        refused(outcome, { 'www-authenticate': `private_key_jwt realm="${issuer}"` }),
    },
    revoke: {
      revoked: () => empty(200),
      refused: (outcome) => refused(outcome),
    },
    userinfo: {
      userinfo: ({ body, ...outcome }) =>
        'jwt' in body ? jwt(body.jwt, nonceOf(outcome)) : json(200, body.json, nonceOf(outcome)),
      refused: (outcome) => challenge(outcome, endpoints.errors),
    },
  }
}

/** RFC 6749 §5.2, and where the operator finds the reason. */
export interface ErrorBody {
  readonly error: string
  readonly error_description: string
  readonly error_uri: string
}

export function errorBody({ refusal, eventId }: RefusedOutcome, errors: string): ErrorBody {
  return {
    error: refusal.error,
    error_description: refusal.description,
    error_uri: `${errors}/${eventId}`,
  }
}

/** The header a nonce travels in, never twice. @see RFC 9449 §8 */
function nonceOf({ dpopNonce }: { readonly dpopNonce?: string }): Headers {
  return dpopNonce === undefined ? {} : { 'dpop-nonce': dpopNonce }
}

/**
 * What a resource answers to a request it refuses. Who came without credentials learns how to come, and nothing else.
 *
 * @see RFC 6750 §3, RFC 9449 §7.1
 */
function challenge(outcome: RefusedOutcome, errors: string): Answer {
  const body = errorBody(outcome, errors)
  const { error, scope } = outcome.challenge ?? {}
  const told = serialiseChallenges([
    {
      scheme: 'DPoP',
      parameters: [
        ['algs', ALGORITHMS.join(' ')],
        ['error', error],
        ['error_description', error && body.error_description],
        ['error_uri', error && body.error_uri],
        ['scope', scope],
      ],
    },
  ])
  const headers = { ...nonceOf(outcome), 'www-authenticate': told }
  if (error === undefined) return empty(401, headers)
  return json(RESOURCE_STATUS[error] ?? 401, body, headers)
}

const RESOURCE_STATUS: Readonly<Record<string, number>> = {
  invalid_request: 400,
  insufficient_scope: 403,
}
