import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client'
import { shown } from '@signet/protocol'

/**
 * What kept the authorization server from helping us:
 * - `unavailable`: no answer, or none that we understand; nothing is known, another try may succeed.
 * - `refused`: it said no, for a reason of OAuth.
 * - `invalid`: it answered, and the answer must not be believed.
 */
export type FailureKind = 'unavailable' | 'refused' | 'invalid'

export class AuthorityFailure extends Error {
  override readonly name = 'AuthorityFailure'
  readonly kind: FailureKind
  /** The OAuth error code of a refusal. */
  readonly code: string | undefined

  constructor(
    kind: FailureKind,
    message: string,
    options: { code?: string; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.kind = kind
    this.code = options.code
  }
}

/** These say that an answer was read, and that something in it was not true. */
const UNTRUE: ReadonlySet<string | undefined> = new Set([
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
  'OAUTH_INVALID_RESPONSE',
  'OAUTH_KEY_SELECTION_FAILED',
  'OAUTH_UNSUPPORTED_OPERATION',
])

/** Understands what `openid-client` throws. Details are for operators: codes and names, no values of tokens. */
export function failureOf(error: unknown, leg: string): AuthorityFailure {
  // What our own transport threw, `openid-client` has wrapped.
  const own = error instanceof ClientError ? error.cause : error
  if (own instanceof AuthorityFailure) return own
  if (error instanceof ResponseBodyError) return refusal(error, leg)
  if (error instanceof WWWAuthenticateChallengeError) {
    const code = error.cause[0]?.parameters['error'] ?? 'invalid_client'
    return new AuthorityFailure('refused', `${leg}: ${shown(code)}`, { code, cause: error })
  }
  if (error instanceof AuthorizationResponseError) {
    const { error: code } = error
    return new AuthorityFailure('refused', `${leg}: ${shown(code)}`, { code, cause: error })
  }
  const untrue = error instanceof ClientError && UNTRUE.has(error.code)
  const kind = untrue ? 'invalid' : 'unavailable'
  return new AuthorityFailure(kind, `${leg}: ${reasonOf(error)}`, { cause: error })
}

function refusal(error: ResponseBodyError, leg: string): AuthorityFailure {
  const { status, error: code } = error
  const message = `${leg}: ${status} ${shown(code)} ${shown(error.error_description)}`
  if (status >= 500 || status === 429) {
    return new AuthorityFailure('unavailable', message, { cause: error })
  }
  return new AuthorityFailure('refused', message, { code, cause: error })
}

/** The innermost reason: `fetch failed` helps nobody. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const cause: unknown = error.cause
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : ''
  const own = `${error.message}${code}`
  return cause instanceof Error ? `${own}: ${cause.message}` : own
}
