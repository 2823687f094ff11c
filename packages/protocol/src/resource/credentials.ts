/** How a token is sent: with a proof of a DPoP key, or over a connection with a certificate. */
export type TokenScheme = 'dpop' | 'bearer'

export interface PresentedToken {
  readonly scheme: TokenScheme
  readonly token: string
}

/** One scheme of ours, in any case, and one token. @see RFC 9110 §11.4, RFC 6750 §2.1, RFC 9449 §7.1 */
const CREDENTIALS = /^(dpop|bearer) +([A-Za-z0-9._~+/-]+=*) *$/i

/** The token of an `Authorization` header; undefined for one that is malformed or of another scheme. */
export function presentedToken(authorization: string): PresentedToken | undefined {
  const [, scheme = '', token] = CREDENTIALS.exec(authorization) ?? []
  if (token === undefined) return undefined
  return { scheme: scheme.length === 4 ? 'dpop' : 'bearer', token }
}
