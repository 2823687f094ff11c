import { decodeOrRefuse, type UnreadableJwt } from '../jose/decode-or-refuse.ts'
import type { JsonObject } from '../jose/json-object.ts'
import type { VerificationKey } from '../jose/keys.ts'
import { refusal } from '../rules/refusal.ts'
import { enforce } from '../rules/rule.ts'
import type { Seconds } from '../time.ts'
import { accessTokenRules, accessTokenSignatureRules } from './access-token.rules.ts'
import type { AccessTokenClaims } from './claims.ts'

/** Whose tokens are taken, and for whom. */
export interface AccessTokenContext {
  readonly issuer: string
  /** The identifier of the resource server; undefined where any audience of the issuer will do. */
  readonly audience?: string | undefined
  /** The keys of the issuer. */
  readonly keys: readonly VerificationKey[]
  readonly now: Seconds
  /** How long after `exp` a token is still taken; none by default. */
  readonly clockTolerance?: Seconds | undefined
}

/** The claims of a token that holds, but for two things: who sends it (`cnf`), and whether it was revoked. */
export type VerifiedAccessToken = AccessTokenClaims & JsonObject

const unreadable: UnreadableJwt = {
  id: 'JAT-05',
  reason: 'access_token_malformed',
  otherwise: refusal('invalid_token', 'the access token is not a well-formed JWT'),
  remedy: 'Send the access token as it was issued.',
}

/**
 * Proves that a JWT is an access token of the issuer. Whoever calls this must then compare `cnf` with the
 * sender, and look for a revocation.
 *
 * @throws Refused with `invalid_token`.
 * @see RFC 9068 §4
 */
export function verifyAccessToken(token: string, context: AccessTokenContext): VerifiedAccessToken {
  const { issuer, audience, keys, now, clockTolerance = 0 } = context
  const jwt = decodeOrRefuse(token, unreadable)
  const { header, claims } = jwt
  const subject = { header, claims, issuer, audience, now, clockTolerance }
  const accepted = enforce(accessTokenRules, subject)
  enforce(accessTokenSignatureRules, { jwt, keys })
  return accepted.claims
}
