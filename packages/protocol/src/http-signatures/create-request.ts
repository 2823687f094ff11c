import { fieldsOf } from '../fields.ts'
import type { SigningKey } from '../jose/signing-key.ts'
import type { Seconds } from '../time.ts'
import { component } from './components.ts'
import { digestFields } from './content-digest.ts'
import { withFields, type FieldsToSet, type HttpRequest } from './message.ts'
import { signMessage } from './sign.ts'
import { REQUEST_TAG } from './verify-request.ts'

export interface RequestToSign {
  /** With `Authorization`, and with the DPoP proof if there is to be one. */
  readonly request: HttpRequest
  /** The bytes as they will be sent, after any content coding. */
  readonly body?: Uint8Array | undefined
  readonly key: SigningKey
  readonly now: Seconds
  readonly label?: string
}

/**
 * Signs a request for a resource. What is returned must be set on it, and nothing of it changed after.
 *
 * @throws UnsignableComponent if the request has no `Authorization`.
 * @see FAPI 2.0 HTTP Signatures §5.3.1.1
 */
export function createRequestSignature(request: RequestToSign): FieldsToSet {
  const { body, key, now, label = 'sig' } = request
  const { method, targetUri, headers } = request.request
  const digest = digestFields(body)
  const components = [
    component('@method'),
    component('@target-uri'),
    component('authorization'),
    ...(fieldsOf(headers, 'dpop').length > 0 ? [component('dpop')] : []),
    ...Object.keys(digest).map((name) => component(name)),
  ]
  const message = { method, targetUri, headers: withFields(headers, digest) }
  return { ...digest, ...signMessage(message, { label, components, tag: REQUEST_TAG, key, now }) }
}
