import {
  ALGORITHMS,
  hasBegun,
  isAlgorithm,
  isNumericDate,
  mediaTypeOf,
  offset,
  refusal,
  shown,
  type JsonObject,
  type JwtHeader,
  type Rules,
  type Seconds,
} from '@signet/protocol'
import { isRecord } from './token-claims.ts'

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

/** A signed introspection response, against who asked for it. */
export interface SignedIntrospection {
  readonly header: JwtHeader
  readonly claims: JsonObject
  readonly issuer: string
  readonly clientId: string
  readonly now: Seconds
}

export interface ReadableIntrospection extends SignedIntrospection {
  readonly claims: JsonObject & { readonly token_introspection: JsonObject }
}

/** An answer is fresh: it was made for this question. */
const OLDEST: Seconds = 60

const untrusted = refusal('temporarily_unavailable', 'access tokens cannot be verified now')
const REMEDY =
  'Have the issuer sign introspection responses for this API as RFC 9701 says, with PS256, ES256 or EdDSA.'

/** Read beside RFC 9701 §5 and §8.1, FAPI 2.0 Message Signing §5.5.2. */
export const signedIntrospectionRules: Rules<SignedIntrospection, ReadableIntrospection> = [
  {
    id: 'INT-10',
    reason: 'introspection_typ',
    says: 'takes a JWT as introspection response only if its typ says so',
    holds: ({ header: { typ } }) =>
      typ !== undefined && mediaTypeOf(typ) === 'token-introspection+jwt',
    otherwise: untrusted,
    expected: () => 'typ token-introspection+jwt',
    received: ({ header }) => `typ ${shown(header.typ)}`,
    remedy: REMEDY,
  },
  {
    id: 'SP-CR-02',
    reason: 'introspection_alg',
    says: 'takes introspection responses signed with an algorithm of the profile only',
    holds: ({ header }) => isAlgorithm(header.alg),
    otherwise: untrusted,
    expected: () => `alg ${ALGORITHMS.join(', ')}`,
    received: ({ header }) => `alg ${shown(header.alg)}`,
    remedy: REMEDY,
  },
  {
    id: 'MS-INT-03',
    reason: 'introspection_claims',
    says: 'takes introspection responses that its issuer has just made for it',
    holds: ({ claims: { iss, aud, iat }, issuer, clientId, now }) =>
      iss === issuer &&
      (aud === clientId || (Array.isArray(aud) && aud.includes(clientId))) &&
      isNumericDate(iat) &&
      iat >= now - OLDEST &&
      hasBegun(iat, now),
    otherwise: untrusted,
    expected: ({ issuer, clientId, now }) =>
      `iss ${shown(issuer)}, aud ${shown(clientId)}, iat near ${now}`,
    received: ({ claims: { iss, aud, iat }, now }) =>
      `iss ${shown(iss)}, aud ${shown(aud)}, iat ${offset(iat, now)}`,
    remedy: REMEDY,
  },
  {
    id: 'INT-06',
    reason: 'introspection_member',
    says: 'takes what is told of a token from the member token_introspection only',
    holds: ({ claims }) => isRecord(claims['token_introspection']),
    otherwise: untrusted,
    expected: () => 'token_introspection as an object',
    received: ({ claims }) => `token_introspection: ${typeof claims['token_introspection']}`,
    remedy: REMEDY,
  },
]
