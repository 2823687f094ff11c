import type { Seconds, SigningKey } from '@signet/protocol'
import type { TokenEndpointResponse } from 'openid-client'
import { accessToken, type AccessToken } from '../sessions/secrets.ts'
import type { Constraint } from './constraint.ts'
import { AuthorityFailure } from './failure.ts'

/** What a token was asked for with, and when. */
export interface Asked {
  readonly constraint: Constraint
  readonly key: SigningKey
  readonly now: Seconds
}

/**
 * Takes the access token of an answer, if it is bound as it was asked for: one that is not is thrown away.
 *
 * @throws AuthorityFailure
 * @see RFC 9449 §5, RFC 8705 §3
 */
export function boundToken(
  response: TokenEndpointResponse,
  { constraint, key, now }: Asked,
): AccessToken {
  if (response.token_type.toLowerCase() !== constraint.tokenType) {
    throw new AuthorityFailure('invalid', 'the access token is not bound to our key')
  }
  if (!/^[\w.~+/-]+=*$/.test(response.access_token)) {
    throw new AuthorityFailure('invalid', 'the access token does not fit into a header')
  }
  const token = { value: response.access_token, boundTo: constraint.boundTo(key) }
  return accessToken(token, response.expires_in, now)
}
