import {
  algIsOfProfile,
  atHash,
  CLOCK_AHEAD,
  isAlgorithm,
  refusal,
  shown,
  type JsonObject,
  type JwtHeader,
  type Rules,
  type Seconds,
} from '@signet/protocol'

/** The ID token of a login, whose issuer, nonce and expiry `openid-client` has checked, and whose signature `readAnswer`. */
export interface LoginToken {
  readonly header: JwtHeader
  readonly claims: JsonObject
  readonly clientId: string
  readonly accessToken: string
  /** What the login asked for; nothing if it did not ask. */
  readonly acrValues: readonly string[]
  readonly now: Seconds
}

const REFUSAL = refusal('server_error', 'The answer of the authorization server is not acceptable')
const REMEDY = 'Correct the registration of this client at the authorization server.'

/** What the profile asks beyond OpenID Connect in general. @see OpenID Connect Core 1.0 §3.1.3.7 */
export const loginTokenRules: Rules<LoginToken, LoginToken> = [
  {
    id: 'OIDC-05',
    reason: 'id_token_alg',
    says: 'takes ID tokens signed with an algorithm of the profile only',
    ...algIsOfProfile,
    otherwise: REFUSAL,
    remedy: REMEDY,
  },
  {
    id: 'OIDC-04',
    reason: 'id_token_aud',
    says: 'takes ID tokens that are meant for this client alone',
    holds: ({ claims: { aud, azp }, clientId }) =>
      (Array.isArray(aud)
        ? aud.length > 0 && aud.every((each) => each === clientId)
        : aud === clientId) &&
      (azp === undefined || azp === clientId),
    otherwise: REFUSAL,
    expected: ({ clientId }) => `aud ${shown(clientId)}, and azp the same if it is there`,
    received: ({ claims }) => `aud ${shown(claims['aud'])} and azp ${shown(claims['azp'])}`,
    remedy: REMEDY,
  },
  {
    id: 'OIDC-06',
    reason: 'id_token_iat',
    says: 'takes no ID token from the future',
    holds: ({ claims: { iat }, now }) => typeof iat === 'number' && iat <= now + CLOCK_AHEAD,
    otherwise: REFUSAL,
    expected: ({ now }) => `iat up to ${now + CLOCK_AHEAD}`,
    received: ({ claims }) => `iat ${shown(claims['iat'])}`,
    remedy: 'Correct the clocks of both servers.',
  },
  {
    id: 'OIDC-08',
    reason: 'id_token_acr',
    says: 'takes logins only that are as strong as was asked for',
    holds: ({ claims: { acr }, acrValues }) =>
      acrValues.length === 0 || acrValues.some((value) => value === acr),
    otherwise: refusal('unmet_authentication_requirements', 'The login is not strong enough'),
    expected: ({ acrValues }) => `acr ${shown(acrValues.join(' or '))}`,
    received: ({ claims }) => `acr ${shown(claims['acr'])}`,
    remedy: 'Ask for what the authorization server offers (acr_values_supported).',
  },
  {
    id: 'OIDC-09',
    reason: 'id_token_at_hash',
    says: 'takes an access token only with the ID token it came with',
    holds: ({ claims: { at_hash: digest }, header: { alg }, accessToken }) =>
      digest === undefined || (isAlgorithm(alg) && digest === atHash(accessToken, alg)),
    otherwise: REFUSAL,
    expected: () => 'the digest of the access token as at_hash',
    received: () => 'another',
    remedy: REMEDY,
  },
]
