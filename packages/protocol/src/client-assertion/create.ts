import { signJwt } from '../jose/sign.ts'
import type { SigningKey } from '../jose/signing-key.ts'
import type { Seconds } from '../time.ts'

export interface AssertionRequest {
  readonly key: SigningKey
  readonly clientId: string
  /** The issuer identifier of the server, its only audience. */
  readonly issuer: string
  readonly now: Seconds
  /** At least 96 random bits, new for every request. */
  readonly jti: string
}

/** Long enough for a slow network, short enough that a leaked assertion is worthless. */
const LIFETIME: Seconds = 60

/** Makes the assertion for one request. @see RFC 7523 §3, OpenID Connect Core §9 */
export function createClientAssertion(request: AssertionRequest): string {
  const { key, clientId, issuer, jti } = request
  const iat = Math.floor(request.now)
  return signJwt(
    { typ: 'client-authentication+jwt' },
    { iss: clientId, sub: clientId, aud: issuer, jti, iat, exp: iat + LIFETIME },
    key,
  )
}
