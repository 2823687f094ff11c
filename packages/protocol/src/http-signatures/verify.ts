import { Buffer } from 'node:buffer'
import { verify } from 'node:crypto'
import type { KeyType } from '../jose/algorithms.ts'
import type { VerificationKey } from '../jose/keys.ts'
import { pss } from '../jose/sign.ts'
import { selectKeys, verifyBytes } from '../jose/verify.ts'
import type { HttpMessage } from './message.ts'
import { signatureBase } from './signature-base.ts'
import type { MessageSignature } from './signatures.ts'
import { UnsignableComponent } from './unsignable-component.ts'

/** The algorithms of the registry that a key of the profile can make; a MAC is not among them. @see RFC 9421 §6.2.2 */
const KEY_TYPES: ReadonlyMap<string, KeyType> = new Map([
  ['ecdsa-p256-sha256', 'EC'],
  ['ed25519', 'OKP'],
  ['rsa-pss-sha512', 'RSA'],
])

/** The keys that may have made a signature: of its name, and for its algorithm. */
export function keysFor(
  { keyid, alg }: Pick<MessageSignature, 'keyid' | 'alg'>,
  keys: readonly VerificationKey[],
): readonly VerificationKey[] {
  const fitting = keys.filter(
    ({ kty, algorithms }) =>
      algorithms.length > 0 && (alg === undefined || KEY_TYPES.get(alg) === kty),
  )
  return selectKeys(fitting, { kid: keyid })
}

/** Whether one of these keys signed this message; if it has no one signature base, none did. */
export function verifyMessage(
  signature: MessageSignature,
  message: HttpMessage,
  keys: readonly VerificationKey[],
): boolean {
  const made = signatureBaseOrProblem(signature.input, message)
  if ('problem' in made) return false
  return keysFor(signature, keys).some((key) => verifyBase(made.base, signature, key))
}

/** The signature base, or why there is none. */
export function signatureBaseOrProblem(
  input: MessageSignature['input'],
  message: HttpMessage,
): { readonly base: string } | { readonly problem: string } {
  try {
    return { base: signatureBase(input, message) }
  } catch (error) {
    if (error instanceof UnsignableComponent) return { problem: error.message }
    throw error
  }
}

/** By the algorithm that is named, which must be one of the key, or by the one of the key. @see RFC 9421 §3.3 */
function verifyBase(
  base: string,
  { signature, alg }: MessageSignature,
  key: VerificationKey,
): boolean {
  if (alg === 'rsa-pss-sha512') {
    const options = { ...pss(key.key), saltLength: 64 }
    return verify('sha512', Buffer.from(base, 'latin1'), options, signature)
  }
  const [algorithm] = key.algorithms
  return algorithm !== undefined && verifyBytes({ input: base, signature, alg: algorithm }, key)
}
