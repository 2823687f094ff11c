import { componentValue, identityOf, serialiseComponent, type Component } from './components.ts'
import type { HttpMessage } from './message.ts'
import { serialiseInnerList, type Parameters } from './structured-fields.ts'
import { UnsignableComponent } from './unsignable-component.ts'

/** What a signature covers, and what it says of itself: a member of `Signature-Input`. @see RFC 9421 §2.3 */
export interface SignatureInput {
  readonly components: readonly Component[]
  /** In the order of the wire. */
  readonly parameters: Parameters
}

export function serialiseInput({ components, parameters }: SignatureInput): string {
  return serialiseInnerList([
    components.map(({ name, parameters: own }) => [name, own]),
    parameters,
  ])
}

/**
 * The text that is signed. It holds credentials: not for a log.
 *
 * @throws UnsignableComponent for a component that occurs twice or has no value.
 * @see RFC 9421 §2.5
 */
export function signatureBase(input: SignatureInput, message: HttpMessage): string {
  const { components } = input
  if (new Set(components.map(identityOf)).size < components.length) {
    throw new UnsignableComponent('a component that is covered twice')
  }
  const lines = components.map(
    (each) => `${serialiseComponent(each)}: ${componentValue(each, message)}`,
  )
  return [...lines, `"@signature-params": ${serialiseInput(input)}`].join('\n')
}
