import { isNumericDate, refusal, type Rules, type Seconds } from '@signet/protocol'
import type { GuardRequest } from './request.ts'
import type { Requirements } from './requirements.ts'
import { detailsOf, scopesOf, textClaim, type TokenClaims } from './token-claims.ts'

/** A token in the hand of its holder against what a route asks for. */
export interface RequestedAccess {
  readonly claims: TokenClaims
  readonly requirements: Requirements
  readonly request: GuardRequest
  readonly now: Seconds
}

/** What was granted, and how the user logged in. Read beside RFC 6750 §3.1, RFC 9470 §3. */
export const requirementRules: Rules<RequestedAccess, RequestedAccess> = [
  {
    id: 'SP-RS-04',
    reason: 'scope_insufficient',
    says: 'gives access only within the scope of the token',
    holds: ({ claims, requirements: { requireScopes } }) => {
      if (requireScopes === undefined) return true
      const granted = scopesOf(claims)
      return requireScopes.every((scope) => granted.includes(scope))
    },
    otherwise: refusal(
      'insufficient_scope',
      'the access token does not have the scope needed here',
    ),
    expected: ({ requirements: { requireScopes = [] } }) => `scope ${requireScopes.join(' ')}`,
    received: ({ claims }) => `scope ${scopesOf(claims).join(' ') || '(none)'}`,
    remedy: 'Ask for the scope in the authorization request, and have the user agree to it.',
  },
  {
    id: 'STEP-01',
    reason: 'authentication_insufficient',
    says: 'asks for a stronger or fresher login where one is needed',
    holds: ({ claims, requirements: { requireAcr }, now }) =>
      requireAcr === undefined ||
      (isStrong(claims, requireAcr.acr) && isRecent(claims, requireAcr.maxAge, now)),
    otherwise: refusal(
      'insufficient_user_authentication',
      'a stronger or more recent login is needed',
    ),
    expected: ({ requirements: { requireAcr = {} } }) =>
      `acr ${requireAcr.acr?.join(' or ') ?? '(any)'}, login at most ${requireAcr.maxAge ?? '(any)'} s ago`,
    received: ({ claims, now }) =>
      `acr ${textClaim(claims, 'acr') ?? '(none)'}, login ${age(claims, now)}`,
    remedy:
      'Send the user through a new authorization request with the acr_values and max_age of the challenge.',
  },
]

/** Read beside RFC 9396 §9. */
export const detailRules: Rules<RequestedAccess, RequestedAccess> = [
  {
    id: 'SP-RS-04',
    reason: 'authorization_details_insufficient',
    says: 'gives access only as far as the authorization details of the token reach',
    holds: ({ claims, requirements: { requireAuthorizationDetails }, request }) =>
      requireAuthorizationDetails === undefined ||
      requireAuthorizationDetails(detailsOf(claims), request),
    otherwise: refusal(
      'insufficient_scope',
      'the authorization details of the access token do not cover this request',
    ),
    expected: () => 'authorization details that cover this request',
    received: ({ claims }) => {
      const types = detailsOf(claims).map((detail) => textClaim(detail, 'type') ?? '(no type)')
      return `authorization details of type ${types.join(', ') || '(none)'}`
    },
    remedy: 'Ask for these details in the authorization request, and have the user agree to them.',
  },
]

function isStrong(claims: TokenClaims, wanted: readonly string[] | undefined): boolean {
  const acr = textClaim(claims, 'acr')
  return wanted === undefined || (acr !== undefined && wanted.includes(acr))
}

/** A login that is not dated is never recent; one dated ahead is not older than allowed. */
function isRecent(claims: TokenClaims, maxAge: Seconds | undefined, now: Seconds): boolean {
  const since = claims['auth_time']
  return maxAge === undefined || (isNumericDate(since) && now - since <= maxAge)
}

function age(claims: TokenClaims, now: Seconds): string {
  const since = claims['auth_time']
  return isNumericDate(since) ? `${Math.round(now - since)} s ago` : 'at an unknown time'
}
