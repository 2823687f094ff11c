import { invalidRequest, refusal } from '../rules/refusal.ts'
import type { Rules } from '../rules/rule.ts'
import { presentedToken, type PresentedToken } from './credentials.ts'

/** Where a request for a resource may have put its token. */
export interface Presentation {
  /** Every `Authorization` header field. */
  readonly authorization: readonly string[]
  /** The names of the parameters in query and form. */
  readonly parameterNames: readonly string[]
}

export interface OnePresentation extends Presentation {
  readonly authorization: readonly [string]
}

/** How a token is presented: once, in the header. Read beside FAPI 2.0 §5.3.4, RFC 6750 §2 and §3. */
export const presentationRules: Rules<Presentation, OnePresentation> = [
  {
    id: 'OAU-10',
    reason: 'several_token_presentations',
    says: 'takes a token presented in one way only',
    holds: ({ authorization: { length }, parameterNames }) =>
      length < 2 && (length === 0 || !parameterNames.includes('access_token')),
    otherwise: invalidRequest('the access token must be sent once, in one header'),
    expected: () => 'one Authorization header, and no access_token parameter',
    received: ({ authorization, parameterNames }) =>
      `${authorization.length} Authorization headers${parameterNames.includes('access_token') ? ' and an access_token parameter' : ''}`,
    remedy: 'Send one Authorization header; look for a proxy that adds one.',
  },
  {
    id: 'SP-RS-02',
    reason: 'token_in_parameter',
    says: 'takes no token from a query or a form, where it would end up in logs',
    holds: ({ authorization, parameterNames }) =>
      authorization.length > 0 || !parameterNames.includes('access_token'),
    otherwise: invalidRequest('the access token must be sent in the Authorization header'),
    expected: () => 'the token in the Authorization header',
    received: () => 'an access_token parameter',
    remedy: 'Send Authorization: DPoP with the token. This token may be in logs now: revoke it.',
  },
  {
    id: 'OAU-09',
    reason: 'token_missing',
    says: 'challenges who comes without a token, and says no more',
    holds: ({ authorization: [header], parameterNames }) =>
      parameterNames.includes('access_token') || /^(?:dpop|bearer)(?: |$)/i.test(header ?? ''),
    otherwise: refusal('invalid_token', 'an access token is required'),
    expected: () => 'an Authorization header with an access token',
    received: ({ authorization: [header] }) =>
      header === undefined
        ? 'no Authorization header'
        : 'an Authorization header of another scheme',
    remedy: 'Send the access token in the Authorization header.',
  },
  {
    id: 'SP-RS-01',
    reason: 'authorization_malformed',
    says: 'takes one token, written as one',
    holds: ({ authorization: [header] }) =>
      !/^(?:dpop|bearer)(?: |$)/i.test(header ?? '') || presentedToken(header ?? '') !== undefined,
    otherwise: invalidRequest('the Authorization header is malformed'),
    expected: () => 'DPoP or Bearer, a space, and one access token',
    received: ({ authorization: [header] }) =>
      `a malformed header of ${header?.length ?? 0} characters`,
    remedy: 'Send the token as it was issued: not quoted, not encoded, not joined with another.',
  },
]

/** The token of a request that respects the `presentationRules`. */
export function readCredentials({ authorization: [header] }: OnePresentation): PresentedToken {
  const space = header.indexOf(' ')
  return { scheme: space === 4 ? 'dpop' : 'bearer', token: header.slice(space).trim() }
}
