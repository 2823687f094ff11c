import {
  ALGORITHMS,
  serialiseChallenges,
  type Algorithm,
  type AuthenticationChallenge,
  type ErrorCode,
  type Refused,
  type TokenScheme,
} from '@signet/protocol'
import type { SenderConstraint } from './check.rules.ts'
import type { Requirements } from './requirements.ts'

/** What a challenge depends on besides the broken rule. */
export interface ChallengePolicy {
  readonly senderConstraint: SenderConstraint
  readonly algorithms: readonly Algorithm[]
  /** Where the metadata document of this API is. @see RFC 9728 §5.1 */
  readonly resourceMetadata: string
}

export interface ChallengedRequest {
  /** Undefined when no scheme of ours could be read. */
  readonly scheme: TokenScheme | undefined
  readonly requirements: Requirements
}

/** The error a refusal is answered with; none for who came without credentials. @see RFC 6750 §3.1 */
export function errorOf({ refusal, evidence }: Refused): ErrorCode | undefined {
  return evidence.reason === 'token_missing' ? undefined : refusal.error
}

const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  invalid_request: 400,
  insufficient_scope: 403,
  temporarily_unavailable: 503,
}

/** @see RFC 6750 §3.1, RFC 9449 §7.1, RFC 9470 §3 */
export function statusOf({ refusal }: Refused): number {
  return STATUS[refusal.error] ?? 401
}

/** The `WWW-Authenticate` header of a refusal; none where no credentials would help. */
export function challengeOf(
  refused: Refused,
  request: ChallengedRequest,
  policy: ChallengePolicy,
): string | undefined {
  if (refused.refusal.error === 'temporarily_unavailable') return undefined
  const error = errorOf(refused)
  const parameters: AuthenticationChallenge['parameters'] = [
    ['error', error],
    ['error_description', error && refused.refusal.description],
    ...stepOf(refused, request.requirements),
    ['resource_metadata', policy.resourceMetadata],
  ]
  const algs = ['algs', policy.algorithms.join(' ')] as const
  const challenges = schemesOf(refused, request, policy).map((scheme) => ({
    scheme,
    parameters: scheme === 'DPoP' ? [algs, ...parameters] : parameters,
  }))
  return serialiseChallenges(challenges)
}

/** What the token lacked, so that the client can ask for a better one. */
function stepOf(
  { refusal: { error } }: Refused,
  { requireScopes, requireAcr }: Requirements,
): AuthenticationChallenge['parameters'] {
  if (error === 'insufficient_scope') return [['scope', requireScopes?.join(' ')]]
  if (error !== 'insufficient_user_authentication') return []
  return [
    ['acr_values', requireAcr?.acr?.join(' ')],
    ['max_age', requireAcr?.maxAge],
  ]
}

/** The scheme to come with: where there is a choice, the one the request came with, unless that was the fault. */
function schemesOf(
  refused: Refused,
  { scheme }: ChallengedRequest,
  { senderConstraint }: ChallengePolicy,
): readonly AuthenticationChallenge['scheme'][] {
  if (senderConstraint === 'dpop') return ['DPoP']
  if (senderConstraint === 'mtls') return ['Bearer']
  if (scheme === undefined) return ['DPoP', 'Bearer']
  const { reason } = refused.evidence
  if (reason === 'bound_token_as_bearer') return ['DPoP']
  if (reason === 'dpop_scheme_without_key') return ['Bearer']
  return [scheme === 'dpop' ? 'DPoP' : 'Bearer']
}

/** In the order of the profile. */
export function algorithmsOf(wanted: readonly Algorithm[] | undefined): readonly Algorithm[] {
  return ALGORITHMS.filter((algorithm) => wanted?.includes(algorithm) ?? true)
}
