import { Buffer } from 'node:buffer'
import { createPublicKey, type KeyObject } from 'node:crypto'
import { ALGORITHMS_OF, type Algorithm, type KeyType } from './algorithms.ts'
import { isSoundPoint } from './ed25519-point.ts'
import {
  isObject,
  parsePublicJwk,
  thumbprint,
  UnusableKey,
  type EncryptionJwk,
  type PublicJwk,
} from './public-jwk.ts'

/** A public key that was checked, with everything that decides what it may verify. */
export interface VerificationKey {
  readonly kid?: string | undefined
  readonly kty: KeyType
  /** What this key may verify; the algorithm of a token must be among them. */
  readonly algorithms: readonly Algorithm[]
  readonly key: KeyObject
  /** SHA-256, base64url. @see RFC 7638 */
  readonly thumbprint: string
  /** The one certificate with this key that a client has registered: its `x5t#S256`. @see RFC 8705 §2.2 */
  readonly certificate?: string | undefined
}

/**
 * Makes a key of a peer usable, or says why it is not. This is where key sizes, curves and points are
 * checked, once per key.
 *
 * @throws UnusableKey
 * @see RFC 7517 §4, RFC 8725 §3.4, FAPI 2.0 Security Profile §5.4.1
 */
export function importPublicJwk(jwk: unknown): VerificationKey {
  const material = parsePublicJwk(jwk)
  const { kid, algorithms } = parseUse(jwk, material.kty)
  return {
    kid,
    kty: material.kty,
    algorithms,
    key: keyObject(material),
    thumbprint: thumbprint(material),
  }
}

interface Use {
  readonly kid: string | undefined
  readonly algorithms: readonly Algorithm[]
}

/** What the optional members of a JWK say about what it is for. @see RFC 7517 §4.2 to §4.5 */
function parseUse(jwk: unknown, kty: KeyType): Use {
  const { kid, use, alg, key_ops: operations } = isObject(jwk) ? jwk : {}
  if (kid !== undefined && typeof kid !== 'string') throw new UnusableKey('kid is not a string')
  if (use !== undefined && use !== 'sig') throw new UnusableKey('use is not sig')
  if (!permitsVerifying(operations)) throw new UnusableKey('key_ops lacks verify')
  const algorithms = ALGORITHMS_OF[kty]
  if (alg !== undefined && !algorithms.some((algorithm) => algorithm === alg)) {
    throw new UnusableKey(`alg of this ${kty} key must be ${algorithms.join(' or ')}`)
  }
  return { kid, algorithms }
}

function permitsVerifying(operations: unknown): boolean {
  return operations === undefined || (Array.isArray(operations) && operations.includes('verify'))
}

function keyObject(jwk: PublicJwk): KeyObject {
  if (jwk.kty === 'OKP' && !isSoundPoint(Buffer.from(jwk.x, 'base64url'))) {
    throw new UnusableKey('x is not a point fit for a key')
  }
  return publicKeyOf(jwk)
}

/** @throws UnusableKey if the point is not on the curve. */
export function publicKeyOf(jwk: PublicJwk | EncryptionJwk): KeyObject {
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' })
  } catch {
    throw new UnusableKey('the members do not make a key: the point is not on the curve')
  }
}
