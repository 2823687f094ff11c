import { Buffer } from 'node:buffer'
import { CompactEncrypt } from 'jose/jwe/compact/encrypt'
import type { ContentEncryption, KeyManagement } from './encryption-algorithms.ts'
import type { EncryptionKey } from './encryption-keys.ts'

/** The reader has no key for the algorithm it asked for. */
export class NoEncryptionKey extends Error {
  override readonly name = 'NoEncryptionKey'
}

export interface EncryptionRequest {
  readonly alg: KeyManagement
  readonly enc: ContentEncryption
  /** The keys of the reader: the first that fits `alg` is taken. */
  readonly keys: readonly EncryptionKey[]
}

/**
 * Encrypts a signed JWT for one reader: a nested JWT, whose signature nobody else sees.
 *
 * @throws NoEncryptionKey
 * @see RFC 7516 §5.1, RFC 7519 §5.2 and §7.1
 */
export async function encryptJwt(
  jwt: string,
  { alg, enc, keys }: EncryptionRequest,
): Promise<string> {
  const reader = keys.find(({ algorithms }) => algorithms.includes(alg))
  if (reader === undefined) throw new NoEncryptionKey(`none of ${keys.length} keys is for ${alg}`)
  const { kid, key } = reader
  return new CompactEncrypt(Buffer.from(jwt, 'latin1'))
    .setProtectedHeader({ alg, enc, cty: 'JWT', ...(kid !== undefined && { kid }) })
    .encrypt(key)
}
