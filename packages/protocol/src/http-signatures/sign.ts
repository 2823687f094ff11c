import { signBytes } from '../jose/sign.ts'
import type { SigningKey } from '../jose/signing-key.ts'
import type { Seconds } from '../time.ts'
import type { Component } from './components.ts'
import type { FieldsToSet, HttpMessage } from './message.ts'
import { serialiseInput, signatureBase } from './signature-base.ts'
import { serialiseBytes } from './structured-fields.ts'

export interface SignatureRequest {
  readonly label: string
  readonly components: readonly Component[]
  readonly tag: string
  readonly key: SigningKey
  readonly now: Seconds
}

/**
 * Signs a message. The algorithm is that of the key, which is why no parameter names it.
 *
 * @throws UnsignableComponent for a component without a value in this message.
 * @see RFC 9421 §3.1, §3.3.7
 */
export function signMessage(message: HttpMessage, request: SignatureRequest): FieldsToSet {
  const { label, components, tag, key, now } = request
  const parameters = new Map(Object.entries({ created: Math.floor(now), keyid: key.kid, tag }))
  const input = { components, parameters }
  const signature = signBytes(signatureBase(input, message), key)
  return {
    'signature-input': `${label}=${serialiseInput(input)}`,
    signature: `${label}=${serialiseBytes(signature)}`,
  }
}
