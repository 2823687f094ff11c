import type { Seconds } from '@signet/protocol'
import type { TokenEndpointResponse } from 'openid-client'
import { accessToken, type AccessToken } from '../sessions/secrets.ts'
import { AuthorityFailure } from './failure.ts'

/**
 * Takes the access token of an answer, if it is bound to our key: one that is not is thrown away.
 *
 * @throws AuthorityFailure
 * @see RFC 9449 §5
 */
export function boundToken(response: TokenEndpointResponse, now: Seconds): AccessToken {
  if (response.token_type.toLowerCase() !== 'dpop') {
    throw new AuthorityFailure('invalid', 'the access token is not bound to our key')
  }
  if (!/^[\w.~+/-]+=*$/.test(response.access_token)) {
    throw new AuthorityFailure('invalid', 'the access token does not fit into a header')
  }
  return accessToken(response.access_token, response.expires_in, now)
}
