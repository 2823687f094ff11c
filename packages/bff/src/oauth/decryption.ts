import {
  decodeOrRefuse,
  decryptJwt,
  isEncryptedJwt,
  Refused,
  Undecryptable,
  type DecodedJwt,
  type DecryptionKey,
  type UnreadableJwt,
} from '@signet/protocol'

/** Opens what the authorization server encrypted for this client. What it says is not proved by that. */
export interface Decryption {
  /** A signed JWT, taken out of an encrypted one if it is in one. @throws Undecryptable */
  open(jwt: string): Promise<string>
}

export function createDecryption(keys: readonly DecryptionKey[]): Decryption {
  return { open: async (jwt) => (isEncryptedJwt(jwt) ? decryptJwt(jwt, keys) : jwt) }
}

/**
 * Takes a JWT apart that may have been encrypted for this client.
 *
 * @throws Refused
 */
export async function openJwt(
  token: string,
  decryption: Decryption,
  unreadable: UnreadableJwt,
): Promise<DecodedJwt> {
  try {
    return decodeOrRefuse(await decryption.open(token), unreadable)
  } catch (error) {
    if (!(error instanceof Undecryptable)) throw error
    const { id, reason, otherwise, remedy } = unreadable
    const expected = 'a signed JWT, encrypted to a key of this client or not at all'
    throw new Refused(otherwise, { id, reason, expected, received: error.reason, remedy }, error)
  }
}
