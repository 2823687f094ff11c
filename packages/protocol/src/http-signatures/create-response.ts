import type { SigningKey } from '../jose/signing-key.ts'
import type { Seconds } from '../time.ts'
import { component } from './components.ts'
import { digestFields } from './content-digest.ts'
import { linkedRequest } from './linked-request.ts'
import { withFields, type FieldsToSet, type HttpResponse } from './message.ts'
import { signMessage } from './sign.ts'
import { RESPONSE_TAG } from './verify-response.ts'

export interface ResponseToSign {
  readonly response: HttpResponse
  /** The bytes as they will be sent, after any content coding. */
  readonly body?: Uint8Array | undefined
  readonly key: SigningKey
  readonly now: Seconds
  readonly label?: string
}

/**
 * Signs a response, and ties it to its request. What is returned must be set on it, and nothing of it changed after.
 *
 * @throws UnsignableComponent for a request that no signature can cover, because its target is not ASCII for instance.
 * @see FAPI 2.0 HTTP Signatures §5.3.2.1
 */
export function createResponseSignature(answer: ResponseToSign): FieldsToSet {
  const { response, body, key, now, label = 'sig' } = answer
  const digest = digestFields(body)
  const linked = linkedRequest(response.request)
  const components = [
    component('@status'),
    ...Object.keys(digest).map((name) => component(name)),
    ...linked.request,
    ...linked.signature,
  ]
  const message = { ...response, headers: withFields(response.headers, digest) }
  return { ...digest, ...signMessage(message, { label, components, tag: RESPONSE_TAG, key, now }) }
}
