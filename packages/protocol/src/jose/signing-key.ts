import type { KeyObject } from 'node:crypto'
import type { Algorithm } from './algorithms.ts'
import type { PublicJwk } from './public-jwk.ts'

/** How a key of ours is published in the JWKS. */
export type PublishedJwk = PublicJwk & {
  readonly kid: string
  readonly use: 'sig'
  readonly alg: Algorithm
}

/** A private key of ours. It is named by its thumbprint, so that no two keys share a name. */
export interface SigningKey {
  readonly kid: string
  readonly algorithm: Algorithm
  readonly privateKey: KeyObject
  readonly publicJwk: PublishedJwk
}

/** A key of ours that signs elsewhere, in a security module or a key service: it never comes here. */
export interface ExternalSigningKey extends Pick<SigningKey, 'kid' | 'algorithm' | 'publicJwk'> {
  /** The signature as JWS has it: that of ES256 is 64 bytes, R and S (RFC 7518 §3.4). */
  sign(input: Uint8Array): Promise<Uint8Array>
}

/** Whatever signs for us. */
export type Signer = SigningKey | ExternalSigningKey

/** What is signed with a key that is here, is here at once. */
export type SignedBy<Key extends Signer> = Key extends SigningKey ? string : Promise<string>
