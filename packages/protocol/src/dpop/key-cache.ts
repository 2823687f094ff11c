import { importPublicJwk, type VerificationKey } from '../jose/keys.ts'

const MOST_KEYS = 2048
/** A key of 8,192 bits has 1,500 characters; what is longer is imported anew each time. */
const LONGEST_KEY = 2048

/** From the exact text of a JWK to the key it makes; least recently used first. */
const known = new Map<string, VerificationKey>()

/**
 * The key of a proof. A client uses one for many proofs, and importing it costs as much as a signature, so
 * sound keys are remembered. This is memory only: the same text always makes the same key.
 *
 * @throws UnusableKey
 */
export function proofKey(jwk: object): VerificationKey {
  const text = JSON.stringify(jwk)
  const remembered = known.get(text)
  if (remembered !== undefined) known.delete(text)
  const key = remembered ?? importPublicJwk(jwk)
  if (text.length <= LONGEST_KEY) known.set(text, key)
  if (known.size > MOST_KEYS) forgetOldest()
  return key
}

function forgetOldest(): void {
  for (const oldest of known.keys()) {
    known.delete(oldest)
    return
  }
}
