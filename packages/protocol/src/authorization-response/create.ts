import type { Algorithm } from '../jose/algorithms.ts'
import { signJwt } from '../jose/sign.ts'
import type { SignedBy, Signer, SigningKey } from '../jose/signing-key.ts'
import type { Seconds } from '../time.ts'

/** How a login ended, to be told to a client through the browser. */
export interface AuthorizationResponse<Key extends Signer = SigningKey> {
  readonly issuer: string
  readonly clientId: string
  /** What the client would read in a query; a parameter that is undefined is left out. */
  readonly parameters: readonly (readonly [name: string, value: string | undefined])[]
  readonly now: Seconds
  readonly key: Key
  /** The other name of the algorithm of the key, for a client that registered that one. */
  readonly alg?: Algorithm | undefined
}

/** Long enough for a browser that is slow, short enough that a response found later is worthless. */
const LIFETIME: Seconds = 300

/**
 * Makes the one parameter `response` of a signed authorization response, be it a success or an error. `iss` stands in it
 * once: it serves RFC 9207 too.
 *
 * @see JARM §2.1, FAPI 2.0 Message Signing §5.4.1
 */
export function createAuthorizationResponse<Key extends Signer>(
  response: AuthorizationResponse<Key>,
): SignedBy<Key> {
  const { issuer, clientId, parameters, now, key, alg = key.algorithm } = response
  return signJwt(
    { typ: 'JWT', alg },
    {
      ...Object.fromEntries(parameters),
      iss: issuer,
      aud: clientId,
      exp: Math.floor(now) + LIFETIME,
    },
    key,
  )
}
