import type { VerificationKey } from '../jose/keys.ts'
import { enforce } from '../rules/rule.ts'
import type { Seconds } from '../time.ts'
import type { HttpRequest } from './message.ts'
import {
  requestContentRules,
  requestSignatureKeyRules,
  requestSignatureProofRules,
  requestSignatureRules,
  type KeyedRequest,
} from './request.rules.ts'
import { readSignatures, type MessageSignature } from './signatures.ts'

/** What tells the signature of a client from others. @see FAPI 2.0 HTTP Signatures §5.3.1.1-5 */
export const REQUEST_TAG = 'fapi-2-request'

/** A signature of a request that says what it has to. Whether it holds depends on a key, and on the body. */
export type RequestSignature = MessageSignature

/**
 * Finds the signature of a client, before its keys and its body are fetched.
 *
 * @throws Refused with `invalid_signature`.
 * @see FAPI 2.0 HTTP Signatures §5.3.1.2
 */
export function readRequestSignature(
  request: Pick<HttpRequest, 'headers'>,
  now: Seconds,
): RequestSignature {
  const read = readSignatures(request.headers, REQUEST_TAG)
  return enforce(requestSignatureRules, { ...read, request, now }).signatures[0]
}

export interface SignatureContext {
  readonly request: HttpRequest
  /** Further URLs under which the request may have been meant for this server, such as that of mutual TLS. */
  readonly alternativeTargets?: readonly string[] | undefined
  /** The keys of the client the request is of, and no others. */
  readonly keys: readonly VerificationKey[]
}

/**
 * Proves that the client signed the request. Whoever calls this must then prove its body.
 *
 * @throws Refused with `invalid_signature`.
 */
export function verifyRequestSignature(
  signature: RequestSignature,
  { request, alternativeTargets = [], keys }: SignatureContext,
): void {
  const others = alternativeTargets.map((targetUri) => ({ ...request, targetUri }))
  const subject: KeyedRequest = { signature, requests: [request, ...others], keys }
  enforce(requestSignatureKeyRules, subject)
  enforce(requestSignatureProofRules, subject)
}

/**
 * Proves that a body is the one that was signed.
 *
 * @param body empty where there is none.
 * @throws Refused with `invalid_signature`.
 */
export function verifyRequestContent(
  signature: RequestSignature,
  request: Pick<HttpRequest, 'headers'>,
  body: Uint8Array,
): void {
  enforce(requestContentRules, { signatures: [signature], request, body })
}
