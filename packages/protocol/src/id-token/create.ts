import { hash } from 'node:crypto'
import type { Algorithm } from '../jose/algorithms.ts'
import { signJwt } from '../jose/sign.ts'
import type { SignedBy, Signer } from '../jose/signing-key.ts'
import type { IdTokenClaims } from './claims.ts'

/**
 * Makes an ID token. `alg` may be the other name of the algorithm of the key, for a client that registered
 * that one.
 *
 * @see OpenID Connect Core §2
 */
export function createIdToken<Key extends Signer>(
  claims: IdTokenClaims,
  key: Key,
  alg: Algorithm = key.algorithm,
): SignedBy<Key> {
  return signJwt({ typ: 'JWT', alg }, claims, key)
}

/**
 * The `at_hash` claim: the left half of the digest of an access token, by the hash that belongs to the
 * algorithm of the ID token. For Ed25519 that is SHA-512, the hash inside of it, as clients expect.
 *
 * @see OpenID Connect Core §3.1.3.6
 */
export function atHash(accessToken: string, alg: Algorithm): string {
  const algorithm = alg === 'EdDSA' || alg === 'Ed25519' ? 'sha512' : 'sha256'
  const digest = hash(algorithm, accessToken, 'buffer')
  return digest.subarray(0, digest.length / 2).toString('base64url')
}
