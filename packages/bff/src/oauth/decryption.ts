import {
  decodeOrRefuse,
  decryptJwt,
  importDecryptionJwk,
  isEncryptedJwt,
  parseJsonObject,
  Refused,
  Undecryptable,
  UnusableKey,
  type DecodedJwt,
  type DecryptionKey,
  type UnreadableJwt,
} from '@signet/protocol'
import { Buffer } from 'node:buffer'
import { Misconfigured } from '../config/settings.ts'
import { AuthorityFailure } from './failure.ts'

/** Opens what the authorization server encrypted for this client. What it says is not proved by that. */
export interface Decryption {
  /** A signed JWT, taken out of an encrypted one if it is in one. @throws Undecryptable */
  open(jwt: string): Promise<string>
  /** An answer of the server, with the JWT in it opened. @throws AuthorityFailure */
  openAnswer(answer: Response): Promise<Response>
}

/**
 * Reads a private key others encrypt to.
 *
 * @throws Misconfigured
 */
export function importOwnDecryptionKey(jwk: object): DecryptionKey {
  try {
    return importDecryptionJwk(jwk)
  } catch (error) {
    if (!(error instanceof UnusableKey)) throw error
    throw new Misconfigured(`client.decryptionKeys: ${error.message}`, { cause: error })
  }
}

/**
 * Opens answers before `openid-client` reads them. It could do that itself, but would take compressed content too, and would
 * leave the ID token closed for whoever needs it later: it is a hint for the server, which could not read it.
 *
 * @see OpenID Connect Core 1.0 §3.1.3.7, OpenID Connect RP-Initiated Logout 1.0 §4
 */
export function createDecryption(keys: readonly DecryptionKey[]): Decryption {
  const open = async (jwt: string): Promise<string> =>
    isEncryptedJwt(jwt) ? decryptJwt(jwt, keys) : jwt

  const openText = async (text: string, type: string): Promise<string> => {
    // A UserInfo answer. @see OpenID Connect Core 1.0 §5.3.2
    if (/^application\/jwt\b/i.test(type)) return open(text)
    const body = parseJsonObject(Buffer.from(text))
    if (typeof body === 'string' || typeof body['id_token'] !== 'string') return text
    return JSON.stringify({ ...body, id_token: await open(body['id_token']) })
  }
  return {
    open,
    openAnswer: async (answer) => {
      if (keys.length === 0 || answer.body === null) return answer
      const { status, headers } = answer
      try {
        const text = await openText(await answer.text(), headers.get('content-type') ?? '')
        return new Response(text, { status, headers })
      } catch (error) {
        if (!(error instanceof Undecryptable)) throw error
        throw new AuthorityFailure('invalid', `the answer cannot be decrypted: ${error.reason}`)
      }
    },
  }
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
