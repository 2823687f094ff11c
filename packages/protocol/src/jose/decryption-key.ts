import type { KeyObject } from 'node:crypto'
import type { KeyManagement } from './encryption-algorithms.ts'
import type { EncryptionJwk } from './public-jwk.ts'

/**
 * How a key of ours to encrypt to is published in the JWKS: with `alg` if it serves one algorithm alone. An EC key serves
 * ECDH-ES with and without key wrapping, and peers take a key with `alg` for no other algorithm.
 */
export type PublishedEncryptionJwk = EncryptionJwk & {
  readonly kid: string
  readonly use: 'enc'
  readonly alg?: KeyManagement
}

/** The algorithms that need a key of their own: the other ones share that of ECDH-ES. */
export type DecryptionAlgorithm = 'RSA-OAEP-256' | 'ECDH-ES'

/** A private key of ours that decrypts what others encrypted to us. */
export interface DecryptionKey {
  readonly kid: string
  /** What to make the successor of this key with. */
  readonly algorithm: DecryptionAlgorithm
  /** What this key may decrypt; the algorithm of a JWE must be among them. */
  readonly algorithms: readonly KeyManagement[]
  readonly privateKey: KeyObject
  readonly publicJwk: PublishedEncryptionJwk
}
