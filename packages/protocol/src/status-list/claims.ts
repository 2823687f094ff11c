import type { Seconds } from '../time.ts'

/** The `status` claim of a token whose status stands in a list. @see Token Status List §6.1 */
export interface StatusClaim {
  readonly status_list: {
    /** Counted from zero. */
    readonly idx: number
    /** Where the list is published; the `sub` of the list. */
    readonly uri: string
  }
}

/** What a status list says. @see Token Status List §5.1 */
export interface StatusListClaims {
  /** Where the list is published. */
  readonly sub: string
  readonly iat: Seconds
  readonly exp: Seconds
  /** How long a copy may be kept before it is fetched again. */
  readonly ttl: Seconds
  readonly status_list: {
    /** How many bits one status takes. One says: valid, or not. */
    readonly bits: 1
    /** The statuses one after the other, as zlib data in base64url. */
    readonly lst: string
  }
}
