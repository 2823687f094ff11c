import type { JwtHeader } from '../jose/decode.ts'
import type { JsonObject } from '../jose/json-object.ts'
import { isObject } from '../jose/public-jwk.ts'
import { algIsOfProfile, typIs } from '../rules/jwt-judgements.ts'
import { refusal } from '../rules/refusal.ts'
import type { Rules } from '../rules/rule.ts'
import { shown } from '../rules/shown.ts'
import { hasBegun, isNumericDate, offset, type Seconds } from '../time.ts'

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
    ...typIs('token-introspection+jwt'),
    otherwise: untrusted,
    remedy: REMEDY,
  },
  {
    id: 'SP-CR-02',
    reason: 'introspection_alg',
    says: 'takes introspection responses signed with an algorithm of the profile only',
    ...algIsOfProfile,
    otherwise: untrusted,
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
    holds: ({ claims }) => isObject(claims['token_introspection']),
    otherwise: untrusted,
    expected: () => 'token_introspection as an object',
    received: ({ claims }) => `token_introspection: ${typeof claims['token_introspection']}`,
    remedy: REMEDY,
  },
]
