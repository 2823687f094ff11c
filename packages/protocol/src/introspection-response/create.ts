import type { Algorithm } from '../jose/algorithms.ts'
import { signJwt } from '../jose/sign.ts'
import type { SignedBy, Signer, SigningKey } from '../jose/signing-key.ts'
import type { JsonObject } from '../jose/json-object.ts'
import type { Seconds } from '../time.ts'

/** What is known of a token, to be told to the API that asked. */
export interface IntrospectionResponse<Key extends Signer = SigningKey> {
  readonly issuer: string
  /** The API as a client of the authorization server. */
  readonly clientId: string
  readonly now: Seconds
  /** What an unsigned response would be. @see RFC 7662 §2.2 */
  readonly response: JsonObject
  readonly key: Key
  /** The other name of the algorithm of the key, for an API that registered that one. */
  readonly alg?: Algorithm | undefined
}

/**
 * Makes a signed introspection response. What is told of the token stands in a member of its own, and its type is its own,
 * so that nobody takes the response for the token.
 *
 * @see RFC 9701 §5
 */
export function createIntrospectionResponse<Key extends Signer>(
  made: IntrospectionResponse<Key>,
): SignedBy<Key> {
  const { issuer, clientId, now, response, key, alg = key.algorithm } = made
  return signJwt(
    { typ: 'token-introspection+jwt', alg },
    { iss: issuer, aud: clientId, iat: Math.floor(now), token_introspection: response },
    key,
  )
}
