import type { Seconds } from '../time.ts'

/** What an ID token says about a login. @see OpenID Connect Core §2 */
export interface IdTokenClaims {
  readonly iss: string
  readonly sub: string
  /** The client. */
  readonly aud: string
  readonly iat: Seconds
  readonly exp: Seconds
  readonly nonce?: string | undefined
  readonly auth_time?: Seconds | undefined
  readonly acr?: string | undefined
  readonly amr?: readonly string[] | undefined
  readonly azp?: string | undefined
  readonly at_hash?: string | undefined
  /** The session, for logout. @see OpenID Connect Back-Channel Logout §2.1 */
  readonly sid?: string | undefined
  /** Claims about the user that were asked for in the ID token. */
  readonly [claim: string]: unknown
}
