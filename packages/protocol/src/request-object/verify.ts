import type { Algorithm } from '../jose/algorithms.ts'
import { decodeOrRefuse, type UnreadableJwt } from '../jose/decode-or-refuse.ts'
import type { DecodedJwt } from '../jose/decode.ts'
import type { VerificationKey } from '../jose/keys.ts'
import { replayDigest } from '../replay.ts'
import { refusal } from '../rules/refusal.ts'
import { enforce } from '../rules/rule.ts'
import { EXPIRY_GRACE, type Seconds } from '../time.ts'
import type { RequestObjectClaims } from './claims.ts'
import { requestObjectRules, requestObjectSignatureRules } from './request-object.rules.ts'

/** Which client sent a request object, and what is known of that client. */
export interface RequestObjectContext {
  /** The issuer identifier of this server. */
  readonly issuer: string
  readonly now: Seconds
  /** The client that authenticated. */
  readonly clientId: string
  /** `request_object_signing_alg` of the client. */
  readonly registeredAlgorithm?: Algorithm | undefined
  /** The keys of this client and of no other. */
  readonly keys: readonly VerificationKey[]
}

/** A request object that holds in every respect but one: whether its `mark` was seen before. */
export interface VerifiedRequestObject {
  readonly claims: RequestObjectClaims
  /** What a replay store keeps of an object with a `jti`, and until when the object could be accepted again. */
  readonly mark?: { readonly digest: string; readonly until: Seconds } | undefined
}

const unreadable: UnreadableJwt = {
  id: 'JAR-03',
  reason: 'request_object_malformed',
  otherwise: refusal('invalid_request_object', 'the request object is not a well-formed JWT'),
  remedy: 'Send the request object as it was signed, and let a maintained library make it.',
  // It holds what a form could, with an ID token as hint or many authorization details, a third longer in base64.
  maxLength: 32_768,
}

/** Takes a request object apart, so that the keys it may be signed with can be looked up. @throws Refused */
export function readRequestObject(request: string): DecodedJwt {
  return decodeOrRefuse(request, unreadable)
}

/**
 * Proves that a client asks for something: JAR. Whoever calls this must then mark the `mark`, if there is one, as used,
 * and refuse the request object if it already was.
 *
 * @throws Refused with `invalid_request_object`.
 * @see FAPI 2.0 Message Signing §5.3.1, RFC 9101 §6
 */
export function verifyRequestObject(
  jwt: DecodedJwt,
  context: RequestObjectContext,
): VerifiedRequestObject {
  const { keys, ...expected } = context
  const { header, claims: stated } = jwt
  const { claims } = enforce(requestObjectRules, { ...expected, header, claims: stated })
  enforce(requestObjectSignatureRules, { jwt, keys })
  return { claims, mark: markOf(claims) }
}

/** Apart from the marks of client assertions: a client may count both kinds alike. */
function markOf({ client_id, jti, exp }: RequestObjectClaims): VerifiedRequestObject['mark'] {
  if (jti === undefined) return undefined
  return {
    digest: replayDigest('request-object', client_id, jti),
    until: Math.ceil(exp) + EXPIRY_GRACE,
  }
}
