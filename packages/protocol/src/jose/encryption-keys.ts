import { diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { KeyType } from './algorithms.ts'
import { KEY_MANAGEMENT_OF, type KeyManagement } from './encryption-algorithms.ts'
import { importEach, type ImportedJwks } from './jwks.ts'
import { publicKeyOf } from './keys.ts'
import { isObject, parseEncryptionJwk, UnusableKey, type EncryptionJwk } from './public-jwk.ts'

/** A public key of a peer that was checked, to encrypt to. */
export interface EncryptionKey {
  readonly kid?: string | undefined
  /** What may be done with this key; the algorithm of a JWE must be among them. */
  readonly algorithms: readonly KeyManagement[]
  /** Whether its owner says that it is for encryption, and so not for signatures as well. */
  readonly dedicated: boolean
  readonly key: KeyObject
}

/**
 * Reads the keys a peer can be encrypted to, the dedicated ones first. One that is for signatures, or not sound,
 * is left aside and the others work.
 *
 * @throws UnusableKey if it is no JWK set at all.
 * @see RFC 7517 §5, OpenID Connect Core 1.0 §10.2
 */
export function importEncryptionKeys(jwks: unknown): ImportedJwks<EncryptionKey> {
  const { keys, ignored } = importEach(jwks, importEncryptionJwk)
  const sorted = keys.toSorted((one, other) => Number(other.dedicated) - Number(one.dedicated))
  return { keys: sorted, ignored }
}

/**
 * Makes a key of a peer usable, or says why it is not.
 *
 * @throws UnusableKey
 * @see RFC 7517 §4, RFC 8725 §3.4
 */
export function importEncryptionJwk(jwk: unknown): EncryptionKey {
  const material = parseEncryptionJwk(jwk)
  return { ...parseUse(jwk, material.kty), key: keyObject(material) }
}

/** What keys of a kind do when they encrypt or, the other half, decrypt. @see RFC 7517 §4.3 */
const OPERATIONS: Readonly<Record<KeyType, readonly unknown[]>> = {
  RSA: ['encrypt', 'wrapKey', 'decrypt', 'unwrapKey'],
  EC: ['deriveKey', 'deriveBits'],
  OKP: ['deriveKey', 'deriveBits'],
}

/** What the optional members of a JWK say about what it is for. @see RFC 7517 §4.2 to §4.5 */
function parseUse(jwk: unknown, kty: KeyType): Omit<EncryptionKey, 'key'> {
  const { kid, use, alg, key_ops: operations } = isObject(jwk) ? jwk : {}
  if (kid !== undefined && typeof kid !== 'string') throw new UnusableKey('kid is not a string')
  if (use !== undefined && use !== 'enc') throw new UnusableKey('use is not enc')
  if (!permitsEncrypting(operations, kty)) throw new UnusableKey('key_ops permits no encryption')
  const algorithms = KEY_MANAGEMENT_OF[kty].filter((one) => alg === undefined || alg === one)
  if (algorithms.length === 0) {
    throw new UnusableKey(`alg of this ${kty} key must be ${KEY_MANAGEMENT_OF[kty].join(' or ')}`)
  }
  return { kid, algorithms, dedicated: use === 'enc' }
}

function permitsEncrypting(operations: unknown, kty: KeyType): boolean {
  if (operations === undefined) return true
  if (!Array.isArray(operations)) return false
  // WebCrypto exports the public half of a key agreement with an empty list.
  if (operations.length === 0) return kty !== 'RSA'
  return operations.some((operation) => OPERATIONS[kty].includes(operation))
}

function keyObject(jwk: EncryptionJwk): KeyObject {
  const key = publicKeyOf(jwk)
  if (jwk.kty === 'OKP' && !agreesOnSecrets(key)) {
    throw new UnusableKey('x is not a point fit for a key')
  }
  return key
}

/** With a point of small order everybody agrees on zero, which no library takes for a secret. @see RFC 7748 §6.1 */
function agreesOnSecrets(publicKey: KeyObject): boolean {
  try {
    diffieHellman({ publicKey, privateKey: generateKeyPairSync('x25519').privateKey })
    return true
  } catch {
    return false
  }
}
