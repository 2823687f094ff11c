import {
  algIsOfProfile,
  audIsClientAlone,
  expIsAhead,
  hasBegunByNow,
  isSignedWithAKey,
  issIsIssuer,
  refusal,
  shown,
  typIsNoneOr,
  type JsonObject,
  type JwtHeader,
  type Rules,
  type Seconds,
  type SignedJwt,
} from '@signet/protocol'

/** A signed authorization response against the client it came to. */
export interface PresentedResponse {
  readonly header: JwtHeader
  readonly claims: JsonObject
  readonly issuer: string
  readonly clientId: string
  readonly now: Seconds
}

export interface ResponseClaims extends JsonObject {
  readonly iss: string
  readonly state: string
}

export interface AcceptedResponse extends PresentedResponse {
  readonly claims: ResponseClaims
}

const REFUSAL = refusal('server_error', 'The authorization response is not acceptable')
const REMEDY =
  'Register the client for signed responses (authorization_signed_response_alg), as it is configured here.'
const CLOCKS = 'Correct the clocks of both servers.'

/** Whether a JWT says what an authorization response says, and is meant for us, now. @see JARM §2.4 */
export const authorizationResponseRules: Rules<PresentedResponse, AcceptedResponse> = [
  {
    id: 'JWT-09',
    reason: 'authorization_response_typ',
    says: 'takes no JWT of another explicit type as authorization response',
    ...typIsNoneOr('jwt'),
    otherwise: REFUSAL,
    remedy: REMEDY,
  },
  {
    id: 'MS-JARM-04',
    reason: 'authorization_response_alg',
    says: 'takes authorization responses signed with an algorithm of the profile only',
    ...algIsOfProfile,
    otherwise: REFUSAL,
    remedy: REMEDY,
  },
  {
    id: 'JARM-05',
    reason: 'authorization_response_iss',
    says: 'takes authorization responses of its own authorization server only',
    ...issIsIssuer,
    otherwise: REFUSAL,
    remedy: 'Look who sends people to the redirect URI: it is not the server of this client.',
  },
  {
    id: 'JARM-04',
    reason: 'authorization_response_aud',
    says: 'takes authorization responses that are meant for this client alone',
    ...audIsClientAlone,
    otherwise: REFUSAL,
    remedy: REMEDY,
  },
  {
    id: 'JARM-04',
    reason: 'authorization_response_exp',
    says: 'takes authorization responses that have not expired',
    ...expIsAhead,
    otherwise: REFUSAL,
    remedy: CLOCKS,
  },
  {
    id: 'JARM-04',
    reason: 'authorization_response_nbf',
    says: 'takes no authorization responses from the future',
    ...hasBegunByNow,
    otherwise: REFUSAL,
    remedy: CLOCKS,
  },
  {
    id: 'JWT-09',
    reason: 'authorization_response_claims',
    says: 'takes JWTs that answer an authorization request only',
    holds: ({ claims: { state, code, error } }) =>
      typeof state === 'string' &&
      (typeof code === 'string' ? error === undefined : typeof error === 'string'),
    otherwise: REFUSAL,
    expected: () => 'state, and either code or error, as strings',
    received: ({ claims }) => `the claims ${shown(Object.keys(claims).join(' '))}`,
    remedy: REMEDY,
  },
]

/** Last, because it costs most, and because keys are asked for only of the server that was meant. */
export const responseSignatureRules: Rules<SignedJwt, SignedJwt> = [
  {
    id: 'MS-JARM-04',
    reason: 'authorization_response_signature',
    says: 'takes authorization responses that the authorization server signed',
    ...isSignedWithAKey,
    otherwise: REFUSAL,
    remedy: 'Publish the key at jwks_uri before signing with it.',
  },
]
