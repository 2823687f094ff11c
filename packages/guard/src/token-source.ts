import type { TokenClaims } from './token-claims.ts'

/** Whoever can tell what an access token says, and whether it holds. */
export interface TokenSource {
  /**
   * The claims of a token that holds, but for who sends it. At once where nothing has to be asked. The digest is that of
   * `digestOf`.
   *
   * @throws Refused with `invalid_token`, or with `temporarily_unavailable` when nobody could tell.
   */
  read(token: string, digest: string): TokenClaims | Promise<TokenClaims>
}
