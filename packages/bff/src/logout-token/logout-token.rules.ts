import {
  algIsOfProfile,
  audIsClientAlone,
  CLOCK_AHEAD,
  EXPIRY_GRACE,
  hasBegun,
  invalidRequest,
  isNumericDate,
  isObject,
  isSignedWithAKey,
  issIsIssuer,
  isUnexpired,
  jtiIsThere,
  LOGOUT_EVENT,
  shown,
  typIsNoneOr,
  type JsonObject,
  type JwtHeader,
  type Rules,
  type Seconds,
  type SignedJwt,
} from '@signet/protocol'

/** A logout token against the session it could end. */
export interface PresentedLogoutToken {
  readonly header: JwtHeader
  readonly claims: JsonObject
  readonly issuer: string
  readonly clientId: string
  readonly now: Seconds
}

export interface LogoutClaims extends JsonObject {
  readonly jti: string
  readonly exp: number
  readonly sub?: string
  readonly sid?: string
}

export interface AcceptedLogoutToken extends PresentedLogoutToken {
  readonly claims: LogoutClaims
}

/** Nobody delivers later than this, and we remember no `jti` for longer. */
const LONGEST_LIFE: Seconds = 3_600

const REMEDY = 'Send a logout token as the authorization server makes it for this client.'

/** Whether a JWT says what a logout token says, and is meant for us, now. @see OpenID Connect Back-Channel Logout 1.0 §2.6 */
export const logoutTokenRules: Rules<PresentedLogoutToken, AcceptedLogoutToken> = [
  {
    id: 'LOG-08',
    reason: 'logout_token_typ',
    says: 'takes no JWT of another explicit type as logout token',
    // Older servers call every JWT a JWT.
    ...typIsNoneOr('logout+jwt', 'jwt'),
    otherwise: invalidRequest('logout_token is not a logout token'),
    remedy: REMEDY,
  },
  {
    id: 'LOG-08',
    reason: 'logout_token_alg',
    says: 'takes logout tokens signed with an algorithm of the profile only',
    ...algIsOfProfile,
    otherwise: invalidRequest('logout_token is signed with an algorithm that is not allowed'),
    remedy: REMEDY,
  },
  {
    id: 'LOG-08',
    reason: 'logout_token_iss',
    says: 'takes logout tokens of its own authorization server only',
    ...issIsIssuer,
    otherwise: invalidRequest('logout_token is of another issuer'),
    remedy: REMEDY,
  },
  {
    id: 'LOG-08',
    reason: 'logout_token_aud',
    says: 'takes logout tokens that are meant for this client alone',
    ...audIsClientAlone,
    otherwise: invalidRequest('logout_token is for another client'),
    remedy: REMEDY,
  },
  {
    id: 'LOG-08',
    reason: 'logout_token_iat',
    says: 'takes logout tokens that say when they were made, which is not in the future',
    holds: ({ claims: { iat }, now }) => iat !== undefined && hasBegun(iat, now),
    otherwise: invalidRequest('logout_token has no valid iat'),
    expected: ({ now }) => `iat up to ${now + CLOCK_AHEAD}`,
    received: ({ claims }) => `iat ${shown(claims['iat'])}`,
    remedy: 'Correct the clocks of both servers.',
  },
  {
    id: 'LOG-08',
    reason: 'logout_token_exp',
    says: 'takes logout tokens that have not expired, and end within an hour',
    holds: ({ claims: { exp }, now }) =>
      isNumericDate(exp) && isUnexpired(exp, now) && exp <= now + LONGEST_LIFE,
    otherwise: invalidRequest('logout_token has no valid exp'),
    expected: ({ now }) => `exp from ${now - EXPIRY_GRACE} to ${now + LONGEST_LIFE}`,
    received: ({ claims }) => `exp ${shown(claims['exp'])}`,
    remedy: 'Deliver logout tokens at once, and correct the clocks of both servers.',
  },
  {
    id: 'LOG-08',
    reason: 'logout_token_events',
    says: 'takes JWTs that announce a logout only',
    holds: ({ claims }) => announcesLogout(claims['events']),
    otherwise: invalidRequest('logout_token does not announce a logout'),
    expected: () => `events with the member ${LOGOUT_EVENT}, an object`,
    received: ({ claims }) => `events ${shown(claims['events'])}`,
    remedy: REMEDY,
  },
  {
    id: 'LOG-08',
    reason: 'logout_token_nonce',
    says: 'takes no ID token as logout token',
    holds: ({ claims }) => !Object.hasOwn(claims, 'nonce'),
    otherwise: invalidRequest('logout_token has a nonce'),
    expected: () => 'no nonce',
    received: () => 'a nonce',
    remedy: REMEDY,
  },
  {
    id: 'LOG-08',
    reason: 'logout_token_whose',
    says: 'takes logout tokens that name a session or a person',
    holds: ({ claims: { sub, sid } }) =>
      (sub !== undefined || sid !== undefined) && isOptionalText(sub) && isOptionalText(sid),
    otherwise: invalidRequest('logout_token names neither a session nor a person'),
    expected: () => 'sid, sub or both, as strings',
    received: ({ claims }) => `sub ${typeof claims['sub']}, sid ${typeof claims['sid']}`,
    remedy: REMEDY,
  },
  {
    id: 'LOG-08',
    reason: 'logout_token_jti',
    says: 'takes logout tokens that can be told apart',
    ...jtiIsThere,
    otherwise: invalidRequest('logout_token has no jti'),
    remedy: REMEDY,
  },
]

/** Last, because it costs most. */
export const logoutSignatureRules: Rules<SignedJwt, SignedJwt> = [
  {
    id: 'LOG-08',
    reason: 'logout_token_signature',
    says: 'takes logout tokens that the authorization server signed',
    ...isSignedWithAKey,
    otherwise: invalidRequest('logout_token was not signed by the authorization server'),
    remedy: 'Publish the key at jwks_uri before signing with it.',
  },
]

function isOptionalText(value: unknown): boolean {
  return value === undefined || (typeof value === 'string' && value !== '')
}

function announcesLogout(events: unknown): boolean {
  return isObject(events) && isObject(events[LOGOUT_EVENT])
}
