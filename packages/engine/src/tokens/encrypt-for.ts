import { encryptJwt, NoEncryptionKey, refusal, Refused } from '@signet/protocol'
import type { Client, Encryption } from '../clients/client.ts'
import type { Ports } from '../ports.ts'

/**
 * Encrypts a signed JWT to its reader, if it registered that: signed first, then encrypted.
 *
 * @throws Refused when the client has no key for that; never falls back to what everybody could read.
 * @see RFC 7519 §11.2
 */
export async function encryptFor(
  client: Client,
  {
    jwt,
    encryption,
  }: { readonly jwt: string | Promise<string>; readonly encryption: Encryption | undefined },
  { clients }: Ports,
): Promise<string> {
  const signed = typeof jwt === 'string' ? jwt : await jwt
  if (encryption === undefined) return signed
  try {
    const keys = await clients.encryptionKeys(client, encryption.alg)
    return await encryptJwt(signed, { ...encryption, keys })
  } catch (error) {
    if (!(error instanceof NoEncryptionKey)) throw error
    throw new Refused(
      refusal('unauthorized_client', 'the client has no key its answers could be encrypted to'),
      {
        id: 'JARM-06',
        reason: 'client_encryption_key_missing',
        expected: `a public key with use enc for ${encryption.alg} in jwks or jwks_uri of the client`,
        received: 'no such key',
        remedy: 'Publish the encryption key of the client, or register no encryption.',
      },
    )
  }
}
