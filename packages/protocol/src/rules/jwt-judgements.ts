import { ALGORITHMS, isAlgorithm, type Algorithm } from '../jose/algorithms.ts'
import { mediaTypeOf, type DecodedJwt, type JwtHeader } from '../jose/decode.ts'
import type { JsonObject } from '../jose/json-object.ts'
import type { VerificationKey } from '../jose/keys.ts'
import { isSignedByOneOf, selectKeys } from '../jose/verify.ts'
import { isJti } from '../replay.ts'
import { CLOCK_AHEAD, hasBegun, isUnexpired, offset, type Seconds } from '../time.ts'
import type { Rule } from './rule.ts'
import { shown } from './shown.ts'

/**
 * What a rule judges, and tells of what it judged. Many kinds of JWT are judged alike; which requirement that is, and what to
 * do about it, differs by the kind.
 */
export type Judgement<Subject> = Pick<Rule<Subject>, 'holds' | 'expected' | 'received'>

interface Headed {
  readonly header: JwtHeader
}

interface Claiming {
  readonly claims: JsonObject
}

const tellTyp = ({ header }: Headed): string => `typ ${shown(header.typ)}`
const tellAlg = ({ header }: Headed): string => `alg ${shown(header.alg)}`

/** Its `typ` is this one, so that no other kind of JWT can stand in for it. @see RFC 8725 §3.11 */
export function typIs(type: string): Judgement<Headed> {
  return {
    holds: ({ header: { typ } }) => typ !== undefined && mediaTypeOf(typ) === type,
    expected: () => `typ ${type}`,
    received: tellTyp,
  }
}

/** Its `typ` is one of these, or was left out as older makers do; then its claims must tell the kind. */
export function typIsNoneOr(...types: readonly string[]): Judgement<Headed> {
  return {
    holds: ({ header: { typ } }) => typ === undefined || types.includes(mediaTypeOf(typ)),
    expected: () => `typ ${types.join(' or ')}, or none`,
    received: tellTyp,
  }
}

/** @see FAPI 2.0 Security Profile §5.4.1 */
export const algIsOfProfile: Judgement<Headed> = {
  holds: ({ header }) => isAlgorithm(header.alg),
  expected: () => `alg ${ALGORITHMS.join(', ')}`,
  received: tellAlg,
}

/** It is signed with the one algorithm its maker registered, if it registered one. */
export const algIsRegistered: Judgement<
  Headed & { readonly registeredAlgorithm?: Algorithm | undefined }
> = {
  holds: ({ header, registeredAlgorithm }) =>
    registeredAlgorithm === undefined || header.alg === registeredAlgorithm,
  expected: ({ registeredAlgorithm }) => `alg ${registeredAlgorithm ?? ''}`,
  received: tellAlg,
}

/** @see RFC 7519 §4.1.1 */
export const issIsIssuer: Judgement<Claiming & { readonly issuer: string }> = {
  holds: ({ claims, issuer }) => claims['iss'] === issuer,
  expected: ({ issuer }) => `iss ${shown(issuer)}`,
  received: ({ claims }) => `iss ${shown(claims['iss'])}`,
}

/** It is meant for one client, and nobody else. @see RFC 7519 §4.1.3 */
export const audIsClientAlone: Judgement<Claiming & { readonly clientId: string }> = {
  holds: ({ claims: { aud }, clientId }) =>
    Array.isArray(aud) ? aud.length === 1 && aud[0] === clientId : aud === clientId,
  expected: ({ clientId }) => `aud ${shown(clientId)}`,
  received: ({ claims }) => `aud ${shown(claims['aud'])}`,
}

type Timed = Claiming & { readonly now: Seconds }

/** @see RFC 7519 §4.1.4 */
export const expIsAhead: Judgement<Timed> = {
  holds: ({ claims, now }) => isUnexpired(claims['exp'], now),
  expected: ({ now }) => `exp after ${now}, the time of the server`,
  received: ({ claims, now }) => `exp ${offset(claims['exp'], now)}`,
}

/** Where it says since when it is, that is not in the future. @see RFC 7519 §4.1.5 and §4.1.6 */
export const hasBegunByNow: Judgement<Timed> = {
  holds: ({ claims: { iat, nbf }, now }) => hasBegun(iat, now) && hasBegun(nbf, now),
  expected: ({ now }) => `iat and nbf at most ${now + CLOCK_AHEAD}`,
  received: ({ claims: { iat, nbf }, now }) =>
    hasBegun(iat, now) ? `nbf ${offset(nbf, now)}` : `iat ${offset(iat, now)}`,
}

/** It has a name of its own, by which it is used once. @see RFC 7519 §4.1.7 */
export const jtiIsThere: Judgement<Claiming> = {
  holds: ({ claims }) => isJti(claims['jti']),
  expected: () => 'jti, a string of 1 to 256 characters',
  received: ({ claims: { jti } }) =>
    typeof jti === 'string' ? `jti of ${jti.length} characters` : `jti: ${typeof jti}`,
}

/** A JWT, and the keys of whoever should have signed it and of nobody else. */
export interface SignedJwt {
  readonly jwt: DecodedJwt
  readonly keys: readonly VerificationKey[]
}

/** So many keys an operator is told of. */
const MOST_TOLD = 8

/** It is signed with one of the keys. To be judged last, because it costs most. */
export const isSignedWithAKey: Judgement<SignedJwt> = {
  holds: ({ jwt, keys }) => isSignedByOneOf(keys, jwt),
  expected: ({ keys }) =>
    keys.length === 0
      ? 'a signature by a known key, and none is usable'
      : `a signature by one of: ${keys.slice(0, MOST_TOLD).map(tellKey).join('; ')}`,
  received: ({ jwt: { header }, keys }) =>
    `kid ${shown(header.kid)} and alg ${shown(header.alg)}, which fit ${selectKeys(keys, header).length} of ${keys.length} keys`,
}

function tellKey({ kid, algorithms, thumbprint }: VerificationKey): string {
  return `kid ${shown(kid)} (${algorithms.join(' or ')}, thumbprint ${thumbprint})`
}
