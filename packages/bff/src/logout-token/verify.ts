import {
  enforce,
  invalidRequest,
  Refused,
  type Seconds,
  type UnreadableJwt,
} from '@signet/protocol'
import { openJwt, type Decryption } from '../oauth/decryption.ts'
import type { IssuerKeys } from '../oauth/issuer-keys.ts'
import { logoutSignatureRules, logoutTokenRules, type LogoutClaims } from './logout-token.rules.ts'

export interface LogoutContext {
  readonly issuer: string
  readonly clientId: string
  readonly keys: Pick<IssuerKeys, 'find'>
  readonly decryption: Decryption
  readonly now: Seconds
  /** Whether no token with this `jti` took effect yet. */
  readonly first: (jti: string) => Promise<boolean>
}

const unreadable: UnreadableJwt = {
  id: 'LOG-08',
  reason: 'logout_token_malformed',
  otherwise: invalidRequest('logout_token is not a well-formed JWT'),
  remedy: 'Send one signed JWT in the form parameter logout_token.',
}

/** How long after `exp` a token could still be taken, and more. */
const MARGIN: Seconds = 60

/** Until when it must be remembered that a token took effect. */
export function rememberedUntil({ exp }: LogoutClaims): Seconds {
  return exp + MARGIN
}

/**
 * Reads a logout token. Whoever calls this remembers its `jti` once the logout is carried out, not before: what fails is
 * delivered again, with the same token.
 *
 * @throws Refused, or AuthorityFailure if the keys of the server are not to be had.
 * @see OpenID Connect Back-Channel Logout 1.0 §2.6
 */
export async function verifyLogoutToken(
  token: string,
  { issuer, clientId, keys, decryption, now, first }: LogoutContext,
): Promise<LogoutClaims> {
  const jwt = await openJwt(token, decryption, unreadable)
  const { header } = jwt
  const { claims } = enforce(logoutTokenRules, {
    header,
    claims: jwt.claims,
    issuer,
    clientId,
    now,
  })
  enforce(logoutSignatureRules, { jwt, keys: await keys.find(header.kid) })
  if (await first(claims.jti)) return claims
  throw new Refused(invalidRequest('logout_token was used before'), {
    id: 'LOG-08',
    reason: 'logout_token_replayed',
    expected: 'a jti that was not seen',
    received: 'one that was',
    remedy: 'Make a new logout token for each delivery.',
  })
}
