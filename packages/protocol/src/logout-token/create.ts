import type { Algorithm } from '../jose/algorithms.ts'
import { signJwt } from '../jose/sign.ts'
import type { SignedBy, Signer } from '../jose/signing-key.ts'
import type { Seconds } from '../time.ts'

/** What a logout token says, beside that it is one. @see OpenID Connect Back-Channel Logout §2.4 */
export interface LogoutTokenClaims {
  readonly iss: string
  readonly sub: string
  /** The client. */
  readonly aud: string
  readonly iat: Seconds
  readonly exp: Seconds
  readonly jti: string
  /** The session that ended, as in the ID tokens of it. */
  readonly sid: string
}

/** The one event a logout token tells of. */
export const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/**
 * Makes a logout token. It has a type of its own and no nonce, so that it is never taken for an ID token. `alg` may be the
 * other name of the algorithm of the key, for a client that registered that one for its ID tokens.
 *
 * @see OpenID Connect Back-Channel Logout §2.4
 */
export function createLogoutToken<Key extends Signer>(
  claims: LogoutTokenClaims,
  key: Key,
  alg: Algorithm = key.algorithm,
): SignedBy<Key> {
  return signJwt({ typ: 'logout+jwt', alg }, { ...claims, events: { [LOGOUT_EVENT]: {} } }, key)
}
