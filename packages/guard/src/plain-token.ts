import {
  accessTokenRules,
  accessTokenSignatureRules,
  decodeOrRefuse,
  enforce,
  refusal,
  type Seconds,
  type UnreadableJwt,
  type VerificationKey,
} from '@signet/protocol'
import { clientOf, plainTokenRules } from './plain-token.rules.ts'
import type { TokenClaims } from './token-claims.ts'

/** How the access tokens of an issuer say that they are some. */
export type TokenFormat = (typeof TOKEN_FORMATS)[number]

export const TOKEN_FORMATS = ['rfc9068', 'plain-jwt'] as const

export interface PlainTokenContext {
  readonly issuer: string
  readonly audience: string
  readonly keys: readonly VerificationKey[]
  readonly now: Seconds
  readonly clockTolerance: Seconds
}

/** Of the rules for access tokens, those that a token need not be one of RFC 9068 for. */
const commonRules: typeof accessTokenRules = accessTokenRules.filter(
  ({ id }) => id !== 'JAT-01' && id !== 'JAT-02',
)

const unreadable: UnreadableJwt = {
  id: 'JAT-05',
  reason: 'access_token_malformed',
  otherwise: refusal('invalid_token', 'the access token is not a well-formed JWT'),
  remedy: 'Send the access token as it was issued.',
}

/**
 * Proves that a JWT without the `typ` of an access token is one of the issuer, as far as that can be told.
 *
 * @returns its claims, with `client_id` also where the issuer wrote `azp`.
 * @throws Refused with `invalid_token`.
 * @see RFC 8725 §3.12
 */
export function verifyPlainToken(token: string, context: PlainTokenContext): TokenClaims {
  const { keys, ...rest } = context
  const jwt = decodeOrRefuse(token, unreadable)
  const presented = { header: jwt.header, claims: jwt.claims, ...rest }
  enforce(commonRules, presented)
  const { claims } = enforce(plainTokenRules, presented)
  enforce(accessTokenSignatureRules, { jwt, keys })
  return { ...claims, client_id: clientOf(claims) }
}
