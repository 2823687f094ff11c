import type { KeyType } from './algorithms.ts'

/**
 * How the key of a content reaches its reader: always by the reader's public key. RSA with PKCS #1 v1.5 can be
 * decrypted by whoever may ask often enough; passwords and shared secrets have no place in the profile.
 *
 * @see RFC 7518 §4.1, RFC 8725 §3.2
 */
export type KeyManagement = 'RSA-OAEP-256' | 'ECDH-ES' | 'ECDH-ES+A128KW' | 'ECDH-ES+A256KW'

/** How the content is encrypted and authenticated. @see RFC 7518 §5.1 */
export type ContentEncryption = 'A128GCM' | 'A256GCM' | 'A128CBC-HS256' | 'A256CBC-HS512'

export const KEY_MANAGEMENT: readonly KeyManagement[] = [
  'RSA-OAEP-256',
  'ECDH-ES',
  'ECDH-ES+A128KW',
  'ECDH-ES+A256KW',
]

export const CONTENT_ENCRYPTION: readonly ContentEncryption[] = [
  'A128GCM',
  'A256GCM',
  'A128CBC-HS256',
  'A256CBC-HS512',
]

const KEY_AGREEMENT: readonly KeyManagement[] = ['ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A256KW']

/** Which algorithms a kind of key can be used with: the key decides, never the token alone. */
export const KEY_MANAGEMENT_OF: Readonly<Record<KeyType, readonly KeyManagement[]>> = {
  RSA: ['RSA-OAEP-256'],
  EC: KEY_AGREEMENT,
  OKP: KEY_AGREEMENT,
}

export function isKeyManagement(value: unknown): value is KeyManagement {
  return KEY_MANAGEMENT.some((algorithm) => algorithm === value)
}

export function isContentEncryption(value: unknown): value is ContentEncryption {
  return CONTENT_ENCRYPTION.some((algorithm) => algorithm === value)
}
