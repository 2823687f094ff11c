import { signBytes } from '../../jose/sign.ts'
import type { SigningKey } from '../../jose/signing-key.ts'
import type { HttpMessage } from '../message.ts'
import { signatureBase } from '../signature-base.ts'
import { isInnerList, readDictionary, serialiseBytes } from '../structured-fields.ts'

/** Signature fields that say exactly this, with a signature that holds: only what they say is wrong. */
export function forgeSignature(
  message: HttpMessage,
  input: string,
  key: SigningKey,
): readonly string[] {
  const [member] = readDictionary([input])?.values() ?? []
  if (member === undefined || !isInnerList(member)) throw new TypeError('no list')
  const [items, parameters] = member
  const components = items.map(([name, own]) => ({
    name: typeof name === 'string' ? name : '',
    parameters: own,
  }))
  const signature = signBytes(signatureBase({ components, parameters }, message), key)
  const label = input.slice(0, input.indexOf('='))
  return ['Signature-Input', input, 'Signature', `${label}=${serialiseBytes(signature)}`]
}
