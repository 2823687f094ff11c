import type { JwtHeader } from '../jose/decode.ts'
import type { JsonObject } from '../jose/json-object.ts'
import {
  algIsOfProfile,
  isSignedWithAKey,
  issIsIssuer,
  typIsNoneOr,
  type SignedJwt,
} from '../rules/jwt-judgements.ts'
import { invalidRequest } from '../rules/refusal.ts'
import type { Rules } from '../rules/rule.ts'
import { shown } from '../rules/shown.ts'
import { isNumericDate } from '../time.ts'
import type { IdTokenClaims } from './claims.ts'

/** An `id_token_hint` against the server that should have made it. */
export interface PresentedHint {
  readonly header: JwtHeader
  readonly claims: JsonObject
  readonly issuer: string
}

export interface AcceptedHint extends PresentedHint {
  readonly claims: IdTokenClaims
}

/** What a logout token, an authorization response, and an access token or request object say, and an ID token never does. */
const OF_OTHERS = ['events', 'code', 'error', 'client_id'] as const

const REMEDY =
  'Send an ID token that this server issued to the client, unchanged; it may have expired.'

/** Whether a hint says what our ID tokens say. Its time does not count. Read beside RP-Initiated Logout §2. */
export const hintRules: Rules<PresentedHint, AcceptedHint> = [
  {
    id: 'JWT-11',
    reason: 'hint_typ',
    says: 'takes no JWT of another explicit type as ID token',
    ...typIsNoneOr('jwt'),
    otherwise: invalidRequest('id_token_hint is not an ID token'),
    remedy: REMEDY,
  },
  {
    id: 'SP-CR-02',
    reason: 'hint_alg',
    says: 'takes hints signed with an algorithm of the profile only',
    ...algIsOfProfile,
    otherwise: invalidRequest('id_token_hint is signed with an algorithm that is not allowed'),
    remedy: REMEDY,
  },
  {
    id: 'JWT-07',
    reason: 'hint_iss',
    says: 'takes hints of its own making only',
    ...issIsIssuer,
    otherwise: invalidRequest('id_token_hint is of another issuer'),
    remedy: REMEDY,
  },
  {
    id: 'JWT-09',
    reason: 'hint_claims',
    says: 'takes no JWT as ID token that lacks its claims, or has those of another kind',
    holds: ({ claims }) => looksLikeIdToken(claims),
    otherwise: invalidRequest('id_token_hint is not an ID token'),
    expected: () =>
      `sub and aud as strings, iat and exp as numbers, and none of ${OF_OTHERS.join(', ')}`,
    received: ({ claims }) => `the claims ${shown(Object.keys(claims).join(' '))}`,
    remedy: REMEDY,
  },
]

function looksLikeIdToken(claims: JsonObject): boolean {
  const { sub, aud, iat, exp } = claims
  return (
    typeof sub === 'string' &&
    typeof aud === 'string' &&
    isNumericDate(iat) &&
    isNumericDate(exp) &&
    OF_OTHERS.every((claim) => claims[claim] === undefined)
  )
}

/** Last, because it costs most. */
export const hintSignatureRules: Rules<SignedJwt, SignedJwt> = [
  {
    id: 'LOG-03',
    reason: 'hint_signature',
    says: 'takes hints signed with a key of its own, even one that no longer signs',
    ...isSignedWithAKey,
    otherwise: invalidRequest('id_token_hint was not signed by this server'),
    remedy: REMEDY,
  },
]
