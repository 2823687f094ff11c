import { signJwt } from '../jose/sign.ts'
import type { SigningKey } from '../jose/signing-key.ts'
import type { AccessTokenClaims } from './claims.ts'

/** Makes an access token that a resource server can read by itself. @see RFC 9068 §2 */
export function createAccessToken(claims: AccessTokenClaims, key: SigningKey): string {
  return signJwt({ typ: 'at+jwt' }, claims, key)
}
