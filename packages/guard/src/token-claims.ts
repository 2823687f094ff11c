import { isObject, type JsonObject } from '@signet/protocol'

/**
 * What a verified access token says, whether it was read or asked for. Of a JWT, `iss`, `sub`, `aud`, `client_id`, `iat`,
 * `exp` and (but for a plain JWT) `jti` are there and of the right type; of an introspection response, what the server told.
 */
export type TokenClaims = JsonObject

/** A claim that is text, or nothing. */
export function textClaim(claims: TokenClaims, name: string): string | undefined {
  const value = claims[name]
  return typeof value === 'string' ? value : undefined
}

/** The scopes of a token. @see RFC 6749 §3.3 */
export function scopesOf(claims: TokenClaims): readonly string[] {
  return (
    textClaim(claims, 'scope')
      ?.split(' ')
      .filter((scope) => scope !== '') ?? []
  )
}

/** The authorization details of a token; what is no object is none. @see RFC 9396 §9 */
export function detailsOf(claims: TokenClaims): readonly JsonObject[] {
  const details = claims['authorization_details']
  return Array.isArray(details) ? details.filter(isObject) : []
}

/** The keys a token is bound to, as far as we know how to prove them; undefined also for one that is no text. */
export interface Keys {
  readonly jkt: string | undefined
  readonly certificate: string | undefined
}

/** @see RFC 7800 §3.1, RFC 9449 §6.1, RFC 8705 §3.1 */
export function keysOf(claims: TokenClaims): Keys {
  const confirmation = claims['cnf']
  if (!isObject(confirmation)) return { jkt: undefined, certificate: undefined }
  return { jkt: textClaim(confirmation, 'jkt'), certificate: textClaim(confirmation, 'x5t#S256') }
}
