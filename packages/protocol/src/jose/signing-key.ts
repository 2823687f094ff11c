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
