import { encryptJwt, refusal, Refused, type EncryptionKey } from '@signet/protocol'
import type { Client, Encryption, SignedAnswer } from '../clients/client.ts'
import type { Ports } from '../ports.ts'

/**
 * Makes sure that an answer could be encrypted to its reader, if it registered that: before what can be had once, a code or
 * a request, is spent on the answer.
 *
 * @throws Refused as `encryptFor` does.
 */
export async function assertReadable(
  client: Client,
  { encryption }: Pick<SignedAnswer, 'encryption'>,
  ports: Ports,
): Promise<void> {
  if (encryption !== undefined) await keysOf(client, encryption, ports)
}

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
  ports: Ports,
): Promise<string> {
  const signed = typeof jwt === 'string' ? jwt : await jwt
  if (encryption === undefined) return signed
  return encryptJwt(signed, { ...encryption, keys: await keysOf(client, encryption, ports) })
}

async function keysOf(
  client: Client,
  { alg }: Encryption,
  { clients }: Ports,
): Promise<readonly EncryptionKey[]> {
  const keys = await clients.encryptionKeys(client, alg)
  if (keys.some(({ algorithms }) => algorithms.includes(alg))) return keys
  throw new Refused(
    refusal('unauthorized_client', 'the client has no key its answers could be encrypted to'),
    {
      id: 'JARM-06',
      reason: 'client_encryption_key_missing',
      expected: `a public key with use enc for ${alg} in jwks or jwks_uri of the client`,
      received: 'no such key',
      remedy: 'Publish the encryption key of the client, or register no encryption.',
    },
  )
}
