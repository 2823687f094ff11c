import {
  decodeOrRefuse,
  enforce,
  invalidRequest,
  Refused,
  type Seconds,
  type UnreadableJwt,
} from '@signet/protocol'
import type { IssuerKeys } from '../oauth/issuer-keys.ts'
import { logoutSignatureRules, logoutTokenRules, type LogoutClaims } from './logout-token.rules.ts'

export interface LogoutContext {
  readonly issuer: string
  readonly clientId: string
  readonly keys: IssuerKeys
  readonly now: Seconds
  /** Whether this token is seen for the first time; it is remembered until it ends. */
  readonly first: (jti: string, until: Seconds) => Promise<boolean>
}

const unreadable: UnreadableJwt = {
  id: 'LOG-08',
  reason: 'logout_token_malformed',
  otherwise: invalidRequest('logout_token is not a well-formed JWT'),
  remedy: 'Send one signed JWT in the form parameter logout_token.',
}

/** How long after `exp` a token could still be taken, and more. */
const MARGIN: Seconds = 60

/**
 * Reads a logout token.
 *
 * @throws Refused, or AuthorityFailure if the keys of the server are not to be had.
 * @see OpenID Connect Back-Channel Logout 1.0 §2.6
 */
export async function verifyLogoutToken(
  token: string,
  { issuer, clientId, keys, now, first }: LogoutContext,
): Promise<LogoutClaims> {
  const jwt = decodeOrRefuse(token, unreadable)
  const { header } = jwt
  const { claims } = enforce(logoutTokenRules, {
    header,
    claims: jwt.claims,
    issuer,
    clientId,
    now,
  })
  enforce(logoutSignatureRules, { jwt, keys: await keys.find(header.kid) })
  if (await first(claims.jti, claims.exp + MARGIN)) return claims
  throw new Refused(invalidRequest('logout_token was used before'), {
    id: 'LOG-08',
    reason: 'logout_token_replayed',
    expected: 'a jti that was not seen',
    received: 'one that was',
    remedy: 'Make a new logout token for each delivery.',
  })
}
