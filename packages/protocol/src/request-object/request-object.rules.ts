import { ALGORITHMS, type Algorithm } from '../jose/algorithms.ts'
import type { JwtHeader } from '../jose/decode.ts'
import type { JsonObject } from '../jose/json-object.ts'
import {
  algIsOfProfile,
  algIsRegistered,
  hasBegunByNow,
  isSignedWithAKey,
  typIsNoneOr,
  type SignedJwt,
} from '../rules/jwt-judgements.ts'
import { refusal, type Refusal } from '../rules/refusal.ts'
import type { Rules } from '../rules/rule.ts'
import { shown } from '../rules/shown.ts'
import { CLOCK_AHEAD, isNumericDate, isUnexpired, offset, type Seconds } from '../time.ts'
import type { RequestObjectClaims } from './claims.ts'
import { wrongMember } from './parameters.ts'

/** How long ago `nbf` may be, and how long after it `exp`. @see FAPI 2.0 Message Signing §5.3.1-3 and -4 */
const HOUR: Seconds = 3_600

/** A request object against the client that sent it. */
export interface PresentedRequestObject {
  readonly header: JwtHeader
  readonly claims: JsonObject
  /** The issuer identifier of this server. */
  readonly issuer: string
  readonly now: Seconds
  /** The client that authenticated. */
  readonly clientId: string
  /** `request_object_signing_alg` of the client. */
  readonly registeredAlgorithm?: Algorithm | undefined
}

export interface AcceptedRequestObject extends PresentedRequestObject {
  readonly claims: RequestObjectClaims
}

const invalid = (description: string): Refusal => refusal('invalid_request_object', description)

/**
 * What a request object must say. Cheap. Read beside FAPI 2.0 Message Signing §5.3.1, RFC 9101 §4 and §10.8.
 */
export const requestObjectRules: Rules<PresentedRequestObject, AcceptedRequestObject> = [
  {
    id: 'JWT-11',
    reason: 'request_object_typ',
    says: 'takes no JWT of another explicit type as request object',
    ...typIsNoneOr('jwt', 'oauth-authz-req+jwt'),
    otherwise: invalid('typ of the request object is that of another kind of JWT'),
    remedy: 'Sign a JWT that is made as a request object, with typ oauth-authz-req+jwt.',
  },
  {
    id: 'SP-CR-02',
    reason: 'request_object_alg',
    says: 'takes request objects signed with an algorithm of the profile only',
    ...algIsOfProfile,
    otherwise: invalid(`alg of the request object must be one of ${ALGORITHMS.join(', ')}`),
    remedy:
      'Configure the client to sign with PS256, ES256 or EdDSA (Ed25519), and register such a key.',
  },
  {
    id: 'JAR-01',
    reason: 'request_object_nested',
    says: 'takes no request object that holds or names another',
    holds: ({ claims }) => nested(claims) === undefined,
    otherwise: invalid('request and request_uri are not allowed in the request object'),
    expected: () => 'the parameters themselves',
    received: ({ claims }) => `a member ${nested(claims) ?? ''}`,
    remedy: 'Put every parameter into the request object, without request and request_uri.',
  },
  {
    id: 'PAR-09',
    reason: 'request_object_client',
    says: 'takes request objects of the client that sends them only',
    holds: ({ claims, clientId }) => claims['client_id'] === clientId,
    otherwise: invalid('client_id in the request object must be the client that authenticated'),
    expected: ({ clientId }) => `client_id ${shown(clientId)}`,
    received: ({ claims }) => `client_id ${shown(claims['client_id'])}`,
    remedy: 'Set client_id in the request object to the client that sends the request.',
  },
  {
    id: 'JWT-07',
    reason: 'request_object_iss',
    says: 'takes request objects that their client made, if they say who did',
    holds: ({ claims: { iss }, clientId }) => iss === undefined || iss === clientId,
    otherwise: invalid('iss of the request object must be the client_id'),
    expected: ({ clientId }) => `iss ${shown(clientId)}, or none`,
    received: ({ claims }) => `iss ${shown(claims['iss'])}`,
    remedy: 'Set iss of the request object to the client_id.',
  },
  {
    id: 'JAR-08',
    reason: 'request_object_sub',
    says: 'takes no request object that could be a client assertion',
    holds: ({ claims, clientId }) => claims['sub'] !== clientId,
    otherwise: invalid('sub of the request object must not be the client_id'),
    expected: ({ clientId }) => `no sub ${shown(clientId)}`,
    received: ({ claims }) => `sub ${shown(claims['sub'])}`,
    remedy: 'Leave sub out of the request object: with it, the object would log the client in.',
  },
  {
    id: 'MS-JAR-02',
    reason: 'request_object_aud',
    says: 'takes request objects that are meant for it',
    holds: ({ claims: { aud }, issuer }) =>
      aud === issuer || (Array.isArray(aud) && aud.includes(issuer)),
    otherwise: invalid('aud of the request object must be the issuer of this server'),
    expected: ({ issuer }) => `aud ${shown(issuer)}, or an array that holds it`,
    received: ({ claims }) => `aud ${shown(claims['aud'])}`,
    remedy:
      'Set aud to the issuer as the metadata spells it: not to the URL of an endpoint, and without a slash added.',
  },
  {
    id: 'MS-JAR-03',
    reason: 'request_object_nbf',
    says: `takes request objects with an nbf of the last ${HOUR} s only`,
    holds: ({ claims: { nbf }, now }) => isNumericDate(nbf) && nbf >= now - HOUR,
    otherwise: invalid('nbf of the request object is required, at most 60 minutes in the past'),
    expected: ({ now }) => `nbf at least ${now - HOUR}`,
    received: ({ claims, now }) => `nbf ${offset(claims['nbf'], now)}`,
    remedy: 'Make a new request object for each request, with nbf set to the time it is made.',
  },
  {
    id: 'MS-JAR-04',
    reason: 'request_object_exp',
    says: `takes request objects that have not expired, and that live for ${HOUR} s at most`,
    holds: ({ claims: { exp, nbf }, now }) =>
      isNumericDate(exp) && isUnexpired(exp, now) && !(isNumericDate(nbf) && exp > nbf + HOUR),
    otherwise: invalid(
      'exp of the request object is required, not in the past and at most 60 minutes after nbf',
    ),
    expected: ({ now }) => `exp after ${now}, the time of the server, and within ${HOUR} s of nbf`,
    received: ({ claims: { exp, nbf }, now }) => `exp ${offset(exp, now)}, nbf ${offset(nbf, now)}`,
    remedy:
      'Let request objects live for a minute to five; exp is in seconds, not in milliseconds. Set the clock of the client.',
  },
  {
    id: 'SP-AS-13a',
    reason: 'request_object_from_future',
    says: `takes no request object whose nbf or iat is more than ${CLOCK_AHEAD} s ahead`,
    ...hasBegunByNow,
    otherwise: invalid('nbf or iat of the request object is in the future'),
    remedy: 'Set the clock of the client by NTP; times are in seconds.',
  },
  {
    id: 'JWT-06',
    reason: 'request_object_member',
    says: 'takes request objects that it can read without doubt',
    holds: ({ claims }) => wrongMember(claims) === undefined,
    otherwise: invalid('a member of the request object is not of the type it must have'),
    expected: () =>
      'parameters as text, max_age as a number or text, resource as text or an array of it, jti of 1 to 256 characters',
    received: ({ claims }) => {
      const member = wrongMember(claims) ?? ''
      return `${shown(member)}: ${typeof claims[member]}`
    },
    remedy: 'Write each parameter with its JSON type; only claims and their like are objects.',
  },
  {
    id: 'JAR-03',
    reason: 'request_object_registered_alg',
    says: 'takes request objects signed with the algorithm the client registered',
    ...algIsRegistered,
    otherwise: invalid('the request object is not signed with the algorithm of the client'),
    remedy: 'Sign with request_object_signing_alg of the client, or correct its registration.',
  },
]

function nested(claims: JsonObject): string | undefined {
  return ['request', 'request_uri'].find((name) => Object.hasOwn(claims, name))
}

/** Last, because it costs most. Read beside RFC 9101 §6.2. */
export const requestObjectSignatureRules: Rules<SignedJwt, SignedJwt> = [
  {
    id: 'MS-JAR-06',
    reason: 'request_object_signature',
    says: 'takes request objects signed with a key of the client that sends them',
    ...isSignedWithAKey,
    otherwise: invalid('the request object is not signed with a key of the client'),
    remedy: 'Register the public key the client signs with (jwks or jwks_uri), and send its kid.',
  },
]
