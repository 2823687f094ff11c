import {
  acceptsJwt,
  authenticationMethods,
  type BackChannelRequest,
  type IntrospectOutcome,
  type PushOutcome,
  type RefusedOutcome,
  type RevokeOutcome,
  type Service,
  type TokenOutcome,
  type UserinfoOutcome,
} from '@signet/engine'
import { ALGORITHMS, serialiseChallenges, type AuthenticationChallenge } from '@signet/protocol'
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
  readonly introspect: Answers<IntrospectOutcome, Pick<BackChannelRequest, 'accept'>>
  readonly revoke: Answers<RevokeOutcome>
  readonly userinfo: Answers<UserinfoOutcome>
}

export function clientAnswers(service: Service): ClientAnswers {
  const { endpoints } = service
  const refused = (
    outcome: RefusedOutcome,
    status = statusOf(outcome),
    headers?: Headers,
  ): Answer =>
    json(status, errorBody(outcome, endpoints.errors), { ...nonceOf(outcome), ...headers })
  const credentials = { 'www-authenticate': credentialsTaken(service) }
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
      introspected: ({ body }) =>
        'jwt' in body ? jwt(body.jwt, INTROSPECTION_JWT) : json(200, body.json),
      // X11: RFC 7662 §2.3 says 401 of who is unknown, RFC 9701 §5 says 400 of who wants a JWT.
      refused: (outcome, request) =>
        statusOf(outcome) === 401 && !acceptsJwt(request)
          ? refused(outcome, 401, credentials)
          : refused(outcome, 400),
    },
    revoke: {
      revoked: () => empty(200),
      refused: (outcome) => refused(outcome),
    },
    userinfo: {
      userinfo: ({ body, ...outcome }) =>
        'jwt' in body ? jwt(body.jwt, nonceOf(outcome)) : json(200, body.json, nonceOf(outcome)),
      refused: (outcome) =>
        outcome.challenge === undefined ? refused(outcome) : challenge(outcome, endpoints.errors),
    },
  }
}

/** @see RFC 6749 §5.2 */
function statusOf({ refusal }: RefusedOutcome): number {
  return refusal.error === 'invalid_client' ? 401 : 400
}

/** How clients authenticate here, by the names of their metadata: HTTP itself has no words for it. */
function credentialsTaken(service: Service): string {
  const methods = authenticationMethods(service)
  return methods.map((method) => `${method} realm="${service.issuer}"`).join(', ')
}

/** @see RFC 9701 §5 */
const INTROSPECTION_JWT: Headers = { 'content-type': 'application/token-introspection+jwt' }

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
  const { schemes = [], error, scope } = outcome.challenge ?? {}
  const why: AuthenticationChallenge['parameters'] = [
    ['error', error],
    ['error_description', error && body.error_description],
    ['error_uri', error && body.error_uri],
    ['scope', scope],
  ]
  const told = serialiseChallenges(
    schemes.map((scheme) => ({
      scheme,
      parameters: scheme === 'DPoP' ? [['algs', ALGORITHMS.join(' ')], ...why] : why,
    })),
  )
  const headers = { ...nonceOf(outcome), 'www-authenticate': told }
  if (error === undefined) return empty(401, headers)
  return json(RESOURCE_STATUS[error] ?? 401, body, headers)
}

const RESOURCE_STATUS: Readonly<Record<string, number>> = {
  invalid_request: 400,
  insufficient_scope: 403,
}
