import { signJwt } from '../jose/sign.ts'
import type { SignedBy, Signer } from '../jose/signing-key.ts'
import type { AccessTokenClaims } from './claims.ts'

/** Makes an access token that a resource server can read by itself. @see RFC 9068 §2 */
export function createAccessToken<Key extends Signer>(
  claims: AccessTokenClaims,
  key: Key,
): SignedBy<Key> {
  return signJwt({ typ: 'at+jwt' }, claims, key)
}
