import { importPublicJwk, type VerificationKey } from '../jose/keys.ts'
import { createRecent } from '../recent.ts'

/** Remembers the keys of proofs, because importing one costs as much as a signature. */
export interface ProofKeys {
  /** @throws UnusableKey */
  keyOf(jwk: object): VerificationKey
  readonly size: number
}

/** A key of 8,192 bits has 1,500 characters; what is longer is imported anew each time. */
const LONGEST_KEY = 2048

/**
 * A bounded memory from the exact text of a JWK to the key it makes; what was not asked for lately goes first.
 * The same text always makes the same key, and only sound keys are remembered.
 */
export function createProofKeys(most: number): ProofKeys {
  const known = createRecent<VerificationKey>(most)
  return {
    keyOf(jwk) {
      const text = JSON.stringify(jwk)
      const remembered = known.find(text)
      if (remembered !== undefined) return remembered
      const key = importPublicJwk(jwk)
      if (text.length <= LONGEST_KEY) known.remember(text, key)
      return key
    },
    get size() {
      return known.size
    },
  }
}
