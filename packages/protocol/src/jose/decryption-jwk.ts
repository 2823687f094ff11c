import type { DecryptionKey, PublishedEncryptionJwk } from './decryption-key.ts'
import { importEncryptionJwk } from './encryption-keys.ts'
import { belongTogether } from './key-halves.ts'
import { joinHalves, privateKeyOf, type Joined } from './private-jwk.ts'
import { isObject, parseEncryptionJwk, thumbprint, UnusableKey } from './public-jwk.ts'

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
  if (!belongTogether(privateKey, key)) {
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
