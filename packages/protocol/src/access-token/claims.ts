import type { Confirmation } from '../binding.ts'
import type { StatusClaim } from '../status-list/claims.ts'
import type { Seconds } from '../time.ts'

/** What an access token says. @see RFC 9068 §2.2 */
export interface AccessTokenClaims {
  readonly iss: string
  /** The resource owner, or the client itself where there is none. */
  readonly sub: string
  readonly aud: string | readonly string[]
  readonly client_id: string
  readonly iat: Seconds
  readonly exp: Seconds
  readonly jti: string
  /** Space-separated. */
  readonly scope?: string | undefined
  readonly auth_time?: Seconds | undefined
  readonly acr?: string | undefined
  readonly amr?: readonly string[] | undefined
  /** The key the token is bound to. */
  readonly cnf?: Confirmation | undefined
  /** Where it is told whether the token was revoked. */
  readonly status?: StatusClaim | undefined
  /** @see RFC 9396 §9.1 */
  readonly authorization_details?: readonly object[] | undefined
}
