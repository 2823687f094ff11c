import { createPublicKey, type KeyObject } from 'node:crypto'
import { ALGORITHMS_OF, type Algorithm } from './algorithms.ts'
import { importPublicJwk, type VerificationKey } from './keys.ts'
import { parsePublicJwk, thumbprint, UnusableKey } from './public-jwk.ts'
import type { Signer, SigningKey } from './signing-key.ts'

/**
 * Names a private key, and publishes its public half.
 *
 * @throws UnusableKey if the key is not one of the profile, or not one for this algorithm.
 */
export function describeSigningKey(privateKey: KeyObject, alg: Algorithm): SigningKey {
  const material = parsePublicJwk(createPublicKey(privateKey).export({ format: 'jwk' }))
  if (!ALGORITHMS_OF[material.kty].includes(alg)) {
    throw new UnusableKey(`this ${material.kty} key is not one for ${alg}`)
  }
  const kid = thumbprint(material)
  return { kid, algorithm: alg, privateKey, publicJwk: { ...material, kid, use: 'sig', alg } }
}

/** The half of a key of ours that verifies what the other half signed. */
export function verificationKeyOf(key: Signer): VerificationKey {
  return importPublicJwk(key.publicJwk)
}
