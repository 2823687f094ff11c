import { importPublicJwk, type VerificationKey } from '../jose/keys.ts'

/** Remembers the keys of proofs, because importing one costs as much as a signature. */
export interface ProofKeys {
  /** @throws UnusableKey */
  keyOf(jwk: object): VerificationKey
  readonly size: number
}

/** A key of 8,192 bits has 1,500 characters; what is longer is imported anew each time. */
const LONGEST_KEY = 2048

/**
 * A bounded memory from the exact text of a JWK to the key it makes; the least recently used goes first.
 * The same text always makes the same key, and only sound keys are remembered.
 */
export function createProofKeys(most: number): ProofKeys {
  const known = new Map<string, VerificationKey>()

  return {
    keyOf(jwk) {
      const text = JSON.stringify(jwk)
      const remembered = known.get(text)
      if (remembered !== undefined) known.delete(text)
      const key = remembered ?? importPublicJwk(jwk)
      if (text.length <= LONGEST_KEY) known.set(text, key)
      if (known.size > most) forgetOldest(known)
      return key
    },
    get size() {
      return known.size
    },
  }
}

function forgetOldest(known: Map<string, VerificationKey>): void {
  for (const oldest of known.keys()) {
    known.delete(oldest)
    return
  }
}
