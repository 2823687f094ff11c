import {
  decodeOrRefuse,
  enforce,
  refusal,
  Refused,
  Undecryptable,
  type Seconds,
  type UnreadableJwt,
} from '@signet/protocol'
import type { Decryption } from '../oauth/decryption.ts'
import type { IssuerKeys } from '../oauth/issuer-keys.ts'
import {
  authorizationResponseRules,
  responseSignatureRules,
  type ResponseClaims,
} from './authorization-response.rules.ts'

export interface ResponseContext {
  readonly issuer: string
  readonly clientId: string
  readonly keys: Pick<IssuerKeys, 'find'>
  readonly decryption: Pick<Decryption, 'open'>
  readonly now: Seconds
}

const REFUSAL = refusal('server_error', 'The authorization response is not acceptable')

const unreadable: UnreadableJwt = {
  id: 'MS-JARM-04',
  reason: 'authorization_response_malformed',
  otherwise: REFUSAL,
  remedy: 'Register the client for signed responses (authorization_signed_response_alg).',
}

/**
 * Reads a signed authorization response. Nothing of it is used for anything before all of it is verified.
 *
 * @throws Refused, or AuthorityFailure if the keys of the server are not to be had.
 * @see JWT Secured Authorization Response Mode §2.4
 */
export async function verifyAuthorizationResponse(
  response: string,
  { issuer, clientId, keys, decryption, now }: ResponseContext,
): Promise<ResponseClaims> {
  const jwt = decodeOrRefuse(await opened(response, decryption), unreadable)
  const { header } = jwt
  const { claims } = enforce(authorizationResponseRules, {
    header,
    claims: jwt.claims,
    issuer,
    clientId,
    now,
  })
  enforce(responseSignatureRules, { jwt, keys: await keys.find(header.kid) })
  return claims
}

/** @see JWT Secured Authorization Response Mode §2.2 */
async function opened(response: string, decryption: Pick<Decryption, 'open'>): Promise<string> {
  try {
    return await decryption.open(response)
  } catch (error) {
    if (!(error instanceof Undecryptable)) throw error
    throw new Refused(REFUSAL, {
      id: 'JARM-04',
      reason: 'authorization_response_undecryptable',
      expected: 'a signed JWT, encrypted to a key of this client',
      received: error.reason,
      remedy: 'Give the private key to the key that is registered for the client (use enc).',
    })
  }
}
