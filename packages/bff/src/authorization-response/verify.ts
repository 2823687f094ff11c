import { enforce, refusal, type Seconds, type UnreadableJwt } from '@signet/protocol'
import { openJwt, type Decryption } from '../oauth/decryption.ts'
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
  readonly decryption: Decryption
  readonly now: Seconds
}

const unreadable: UnreadableJwt = {
  id: 'MS-JARM-04',
  reason: 'authorization_response_malformed',
  otherwise: refusal('server_error', 'The authorization response is not acceptable'),
  remedy:
    'Register the client for signed responses (authorization_signed_response_alg), and encrypted only if it has the key.',
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
  const jwt = await openJwt(response, decryption, unreadable)
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
