import type { JwtHeader } from '../jose/decode.ts'
import type { JsonObject } from '../jose/json-object.ts'
import { isObject } from '../jose/public-jwk.ts'
import {
  algIsOfProfile,
  isSignedWithAKey,
  issIsIssuer,
  typIs,
  type SignedJwt,
} from '../rules/jwt-judgements.ts'
import { refusal, type Refusal } from '../rules/refusal.ts'
import type { Rules } from '../rules/rule.ts'
import { shown } from '../rules/shown.ts'
import { hasBegun, isNumericDate, offset, type Seconds } from '../time.ts'
import type { AccessTokenClaims } from './claims.ts'

/** An access token against the server it came to. */
export interface PresentedAccessToken {
  readonly header: JwtHeader
  readonly claims: JsonObject
  readonly issuer: string
  /** The identifier of the resource server; undefined where any audience of the issuer will do. */
  readonly audience?: string | undefined
  readonly now: Seconds
  /** How long after `exp` a token is still taken. */
  readonly clockTolerance: Seconds
}

export interface AcceptedAccessToken extends PresentedAccessToken {
  readonly claims: AccessTokenClaims & JsonObject
}

const invalid = (description: string): Refusal => refusal('invalid_token', description)

/** What an access token must say. Cheap. Read beside RFC 9068 §4. */
export const accessTokenRules: Rules<PresentedAccessToken, AcceptedAccessToken> = [
  {
    id: 'JAT-01',
    reason: 'access_token_typ',
    says: 'takes a JWT as access token only if its typ is at+jwt',
    ...typIs('at+jwt'),
    otherwise: invalid('the token is not an access token'),
    remedy: 'Send the access token, not the ID token or another JWT.',
  },
  {
    id: 'SP-CR-02',
    reason: 'access_token_alg',
    says: 'takes access tokens signed with an algorithm of the profile only',
    ...algIsOfProfile,
    otherwise: invalid('the access token is signed with an algorithm that is not allowed'),
    remedy: 'Configure the issuer to sign access tokens with PS256, ES256 or EdDSA (Ed25519).',
  },
  {
    id: 'JWT-07',
    reason: 'access_token_iss',
    says: 'takes access tokens of its own issuer only',
    ...issIsIssuer,
    otherwise: invalid('the access token is of another issuer'),
    remedy:
      'Get the access token from this issuer; compare the spelling of the issuer in both configurations.',
  },
  {
    id: 'JAT-02',
    reason: 'access_token_claims',
    says: 'takes access tokens with all required claims only',
    holds: ({ claims }) => wrongClaim(claims) === undefined,
    otherwise: invalid('the access token lacks a required claim'),
    expected: () =>
      'sub, client_id and jti as strings, aud, exp and iat; cnf, if any, as an object',
    received: ({ claims }) => {
      const claim = wrongClaim(claims) ?? ''
      return `${claim}: ${typeof claims[claim]}`
    },
    remedy: 'Configure the issuer to make access tokens as RFC 9068 describes them.',
  },
  {
    id: 'JAT-05',
    reason: 'access_token_aud',
    says: 'takes access tokens that are meant for it',
    holds: ({ claims: { aud }, audience }) =>
      audience === undefined || aud === audience || (Array.isArray(aud) && aud.includes(audience)),
    otherwise: invalid('the access token is for another audience'),
    expected: ({ audience }) => `aud ${shown(audience)}`,
    received: ({ claims }) => `aud ${shown(claims['aud'])}`,
    remedy: 'Ask for a token with the resource parameter of this server.',
  },
  {
    id: 'SP-RS-03',
    reason: 'access_token_expired',
    says: 'takes access tokens that have begun and not ended',
    holds: ({ claims: { exp, iat, nbf }, now, clockTolerance }) =>
      (!isNumericDate(exp) || exp + clockTolerance > now) &&
      hasBegun(iat, now) &&
      hasBegun(nbf, now),
    otherwise: invalid('the access token has expired or is not valid yet'),
    expected: ({ now }) => `exp after ${now}, iat and nbf before`,
    received: ({ claims, now }) => `exp ${offset(claims['exp'], now)}`,
    remedy: 'Get a new access token with the refresh token.',
  },
]

function wrongClaim(claims: JsonObject): string | undefined {
  const notText = ['sub', 'client_id', 'jti'].find((claim) => !isText(claims[claim]))
  if (notText !== undefined) return notText
  if (!isAudience(claims['aud'])) return 'aud'
  if (!isNumericDate(claims['exp'])) return 'exp'
  if (!isNumericDate(claims['iat'])) return 'iat'
  return claims['cnf'] === undefined || isObject(claims['cnf']) ? undefined : 'cnf'
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isAudience(aud: unknown): boolean {
  return isText(aud) || (Array.isArray(aud) && aud.length > 0 && aud.every(isText))
}

/** Last, because it costs most. */
export const accessTokenSignatureRules: Rules<SignedJwt, SignedJwt> = [
  {
    id: 'JAT-05',
    reason: 'access_token_signature',
    says: 'takes access tokens signed with a key of the issuer',
    ...isSignedWithAKey,
    otherwise: invalid('the access token is not signed by its issuer'),
    remedy:
      'Send the access token as it was issued; if keys were rotated, fetch the JWKS of the issuer again.',
  },
]
