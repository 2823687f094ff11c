import {
  hasBegun,
  isNumericDate,
  offset,
  refusal,
  shown,
  type JsonObject,
  type Rules,
  type Seconds,
} from '@signet/protocol'

/** What an authorization server told of a token, against the API that asked. */
export interface Introspected {
  readonly response: JsonObject
  readonly issuer: string
  readonly audience: string
  readonly now: Seconds
  readonly clockTolerance: Seconds
}

/** Read beside RFC 7662 §2.2 and §4. */
export const introspectionRules: Rules<Introspected, Introspected> = [
  {
    id: 'SP-RS-03',
    reason: 'token_inactive',
    says: 'takes tokens that their issuer calls active',
    holds: ({ response }) => response['active'] === true,
    otherwise: refusal('invalid_token', 'the access token has expired, was revoked, or is unknown'),
    expected: () => 'active: true',
    received: ({ response }) => `active: ${shown(response['active'])}`,
    remedy:
      'Get a new access token. If it is a good one, see that this API may introspect tokens of its audience.',
  },
  {
    id: 'JWT-07',
    reason: 'introspected_iss',
    says: 'takes tokens of the issuer it asked only',
    holds: ({ response: { iss }, issuer }) => iss === undefined || iss === issuer,
    otherwise: refusal('invalid_token', 'the access token is of another issuer'),
    expected: ({ issuer }) => `iss ${shown(issuer)}`,
    received: ({ response }) => `iss ${shown(response['iss'])}`,
    remedy: 'Get the access token from this issuer.',
  },
  {
    id: 'RES-04',
    reason: 'introspected_aud',
    says: 'takes tokens that are meant for it',
    holds: ({ response: { aud }, audience }) =>
      aud === audience || (Array.isArray(aud) && aud.includes(audience)),
    otherwise: refusal('invalid_token', 'the access token is for another audience'),
    expected: ({ audience }) => `aud ${shown(audience)}`,
    received: ({ response }) => `aud ${shown(response['aud'])}`,
    remedy: 'Ask for a token with the resource parameter of this API.',
  },
  {
    id: 'JAT-05',
    reason: 'introspected_exp',
    says: 'takes tokens that have begun and not ended, whatever their issuer says',
    holds: ({ response: { exp, nbf }, now, clockTolerance }) =>
      (exp === undefined || (isNumericDate(exp) && exp + clockTolerance > now)) &&
      hasBegun(nbf, now),
    otherwise: refusal('invalid_token', 'the access token has expired or is not valid yet'),
    expected: ({ now }) => `exp after ${now}, nbf before`,
    received: ({ response, now }) => `exp ${offset(response['exp'], now)}`,
    remedy: 'Get a new access token with the refresh token; compare the clocks of both servers.',
  },
]
