import type { Algorithm } from '../jose/algorithms.ts'
import type { DecodedJwt } from '../jose/decode.ts'
import type { VerificationKey } from '../jose/keys.ts'
import { replayDigest } from '../replay.ts'
import { enforce } from '../rules/rule.ts'
import { EXPIRY_GRACE, type Seconds } from '../time.ts'
import { assertionRules, assertionSignatureRules } from './assertion.rules.ts'

/** Which client an assertion should be of, and what is known of that client. */
export interface AssertionContext {
  /** The issuer identifier of this server. */
  readonly issuer: string
  readonly now: Seconds
  /** The client the request names; if it names none, the `iss` of the assertion. */
  readonly clientId: string
  readonly registeredAlgorithm?: Algorithm | undefined
  /** The keys of this client and of no other. */
  readonly keys: readonly VerificationKey[]
}

/** An assertion that holds in every respect but one: whether its `digest` was seen before. */
export interface VerifiedAssertion {
  readonly clientId: string
  readonly jti: string
  /** Until then the assertion could be accepted again, if it were not remembered. */
  readonly until: Seconds
  /** What a replay store keeps. */
  readonly digest: string
}

/**
 * Proves that a request comes from a client: `private_key_jwt`. Whoever calls this must then mark the
 * `digest` as used until `until`, and refuse the assertion if it already was.
 *
 * @throws Refused with `invalid_client`.
 * @see RFC 7523 §3, FAPI 2.0 Security Profile §5.3.2.1-8
 */
export function verifyClientAssertion(
  jwt: DecodedJwt,
  context: AssertionContext,
): VerifiedAssertion {
  const { issuer, now, clientId, registeredAlgorithm, keys } = context
  const { claims } = enforce(assertionRules, {
    header: jwt.header,
    claims: jwt.claims,
    issuer,
    now,
    clientId,
    registeredAlgorithm,
  })
  enforce(assertionSignatureRules, { jwt, keys })
  return {
    clientId,
    jti: claims.jti,
    until: Math.ceil(claims.exp) + EXPIRY_GRACE,
    digest: replayDigest(clientId, claims.jti),
  }
}
