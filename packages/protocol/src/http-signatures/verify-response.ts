import type { VerificationKey } from '../jose/keys.ts'
import { enforce } from '../rules/rule.ts'
import type { Seconds } from '../time.ts'
import { linkedRequest } from './linked-request.ts'
import type { HttpResponse } from './message.ts'
import {
  responseAgeRules,
  responseContentRules,
  responseSignatureKeyRules,
  responseSignatureRules,
} from './response.rules.ts'
import { readSignatures } from './signatures.ts'

/** What tells the signature of an API from others. @see FAPI 2.0 HTTP Signatures §5.3.2.1-6 */
export const RESPONSE_TAG = 'fapi-2-response'

export interface ResponseContext {
  /** With the request as it was sent, its signature included. */
  readonly response: HttpResponse
  /** The bytes as they came, before any content coding is undone. */
  readonly body?: Uint8Array | undefined
  /** The keys of the API. */
  readonly keys: readonly VerificationKey[]
  readonly now: Seconds
}

const EMPTY = new Uint8Array()

/** What the signature of a response says of its key, to look for that. Nothing is proved by it. */
export function responseKeyid({ headers }: Pick<HttpResponse, 'headers'>): string | undefined {
  return readSignatures(headers, RESPONSE_TAG).signatures[0]?.keyid
}

/**
 * Proves that an API gave this response to this request. What is refused must be discarded.
 *
 * @throws Refused with `invalid_signature`.
 * @see FAPI 2.0 HTTP Signatures §5.3.2.2
 */
export function verifyResponseSignature(context: ResponseContext): void {
  const { response, body = EMPTY, keys, now } = context
  const read = readSignatures(response.headers, RESPONSE_TAG)
  const linked = linkedRequest(response.request)
  const subject = { ...read, response, linked, body, now }
  const [signature] = enforce(responseSignatureRules, subject).signatures
  enforce(responseAgeRules, { signature, now })
  enforce(responseSignatureKeyRules, { signature, response, keys })
  enforce(responseContentRules, subject)
}
