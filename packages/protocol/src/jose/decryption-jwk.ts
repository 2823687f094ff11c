import { Buffer } from 'node:buffer'
import {
  diffieHellman,
  generateKeyPairSync,
  privateDecrypt,
  publicEncrypt,
  type KeyObject,
} from 'node:crypto'
import type { DecryptionKey, PublishedEncryptionJwk } from './decryption-key.ts'
import { parseEncryptionJwk } from './encryption-jwk.ts'
import { importEncryptionJwk } from './encryption-keys.ts'
import { joinHalves, privateKeyOf, type Joined } from './private-jwk.ts'
import { isObject, thumbprint, UnusableKey, type EncryptionJwk } from './public-jwk.ts'

/** What a key store keeps, or an operator configures: a private key to decrypt with. Secret, whole. */
export type DecryptionJwk = Joined<PublishedEncryptionJwk>

export function exportDecryptionJwk(key: DecryptionKey): DecryptionJwk {
  return joinHalves(key)
}

/**
 * Reads what `exportDecryptionJwk` wrote, or a key that was made elsewhere: it keeps its `kid`, and without one is
 * named by its thumbprint.
 *
 * @throws UnusableKey if it is no private key for encryption, or its halves do not belong together.
 */
export function importDecryptionJwk(jwk: unknown): DecryptionKey {
  if (!isObject(jwk)) throw new UnusableKey('the key is not a JSON object')
  const { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...publicHalf } = jwk
  const material = parseEncryptionJwk(publicHalf)
  const { key, algorithms, kid = thumbprint(material) } = importEncryptionJwk(publicHalf)
  const privateKey = privateKeyOf(jwk)
  if (!belongTogether(privateKey, key, material)) {
    throw new UnusableKey('the private and the public part do not belong together')
  }
  const [alg, ...more] = algorithms
  const only = alg !== undefined && more.length === 0 ? { alg } : {}
  return {
    kid,
    algorithm: material.kty === 'RSA' ? 'RSA-OAEP-256' : 'ECDH-ES',
    algorithms,
    privateKey,
    publicJwk: { ...material, kid, use: 'enc', ...only },
  }
}

function belongTogether(
  privateKey: KeyObject,
  publicKey: KeyObject,
  material: EncryptionJwk,
): boolean {
  try {
    if (material.kty === 'RSA') return decrypts(privateKey, publicKey)
    const peer = pairLike(material)
    const secret = diffieHellman({ privateKey, publicKey: peer.publicKey })
    return secret.equals(diffieHellman({ privateKey: peer.privateKey, publicKey }))
  } catch {
    return false
  }
}

function decrypts(privateKey: KeyObject, publicKey: KeyObject): boolean {
  const probe = Buffer.from('probe')
  const encrypted = publicEncrypt({ key: publicKey, oaepHash: 'sha256' }, probe)
  return privateDecrypt({ key: privateKey, oaepHash: 'sha256' }, encrypted).equals(probe)
}

interface Pair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

function pairLike({ crv }: Exclude<EncryptionJwk, { kty: 'RSA' }>): Pair {
  return crv === 'X25519'
    ? generateKeyPairSync('x25519')
    : generateKeyPairSync('ec', { namedCurve: crv })
}
