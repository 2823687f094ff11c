import { fieldsOf } from '../fields.ts'
import { component, type Component } from './components.ts'
import type { HttpRequest } from './message.ts'
import { readSignatures } from './signatures.ts'
import { REQUEST_TAG } from './verify-request.ts'

/** What a response must cover of its request, by what asks for it. */
export interface LinkedRequest {
  /** @see FAPI 2.0 HTTP Signatures §5.3.2.1-2 */
  readonly request: readonly Component[]
  /** Of a signed request only. @see FAPI 2.0 HTTP Signatures §5.3.2.1-3 */
  readonly signature: readonly Component[]
}

/** The parts of a request that tie a response to it. */
export function linkedRequest({ headers }: HttpRequest): LinkedRequest {
  const hasDigest = fieldsOf(headers, 'content-digest').length > 0
  const names = ['@method', '@target-uri', ...(hasDigest ? ['content-digest'] : [])]
  const [signature] = readSignatures(headers, REQUEST_TAG).signatures
  const signed = signature === undefined ? [] : ['signature', 'signature-input']
  return {
    request: names.map((name) => component(name, { req: true })),
    signature: signed.map((name) => component(name, { req: true, key: signature?.label ?? '' })),
  }
}
