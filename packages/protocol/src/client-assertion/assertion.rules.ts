import { ALGORITHMS, type Algorithm } from '../jose/algorithms.ts'
import type { JwtHeader } from '../jose/decode.ts'
import type { JsonObject } from '../jose/json-object.ts'
import {
  algIsOfProfile,
  algIsRegistered,
  expIsAhead,
  hasBegunByNow,
  isSignedWithAKey,
  jtiIsThere,
  typIsNoneOr,
  type SignedJwt,
} from '../rules/jwt-judgements.ts'
import { refusal, type Refusal } from '../rules/refusal.ts'
import type { Rules } from '../rules/rule.ts'
import { shown } from '../rules/shown.ts'
import { CLOCK_AHEAD, isNumericDate, offset, type Seconds } from '../time.ts'

/** For how long an assertion may be made, counted from now, because `iat` is optional. */
const LONGEST_LIFETIME: Seconds = 600

/** An assertion against the client that it should be of. */
export interface PresentedAssertion {
  readonly header: JwtHeader
  readonly claims: JsonObject
  /** The issuer identifier of this server. */
  readonly issuer: string
  readonly now: Seconds
  /** The client the request names; if it names none, the `iss` of the assertion. */
  readonly clientId: string
  /** `token_endpoint_auth_signing_alg` of the client. */
  readonly registeredAlgorithm?: Algorithm | undefined
}

export interface AcceptedAssertion extends PresentedAssertion {
  readonly claims: { readonly jti: string; readonly exp: number; readonly [claim: string]: unknown }
}

const invalid = (description: string): Refusal => refusal('invalid_client', description)

/** Of whatever depends on who the client is: a stranger must not learn which client ids exist. */
const FAILED = invalid('client authentication failed')

/**
 * What an assertion must say. Cheap. What depends on the registration of the client comes last. Read beside RFC 7523 §3,
 * draft-ietf-oauth-rfc7523bis and FAPI 2.0 §5.3.2.1.
 */
export const assertionRules: Rules<PresentedAssertion, AcceptedAssertion> = [
  {
    id: 'PKJ-10',
    reason: 'assertion_typ',
    says: 'takes no JWT of another explicit type as client assertion',
    ...typIsNoneOr('jwt', 'client-authentication+jwt'),
    otherwise: invalid('typ of the client assertion is that of another kind of JWT'),
    remedy: 'Sign a JWT that is made for client authentication.',
  },
  {
    id: 'JAR-08',
    reason: 'assertion_request_object',
    says: 'takes no request object as client assertion, not even one with a sub',
    holds: ({ claims }) => claims['response_type'] === undefined,
    otherwise: invalid('the client assertion is a request object'),
    expected: () => 'an assertion, which asks for nothing',
    received: () => 'a JWT with response_type',
    remedy:
      'Send the request object as request, and an assertion of its own to authenticate the client.',
  },
  {
    id: 'SP-CR-02',
    reason: 'assertion_alg',
    says: 'takes assertions signed with an algorithm of the profile only',
    ...algIsOfProfile,
    otherwise: invalid(`alg of the client assertion must be one of ${ALGORITHMS.join(', ')}`),
    remedy:
      'Configure the client to sign with PS256, ES256 or EdDSA (Ed25519), and register such a key.',
  },
  {
    id: 'PKJ-02',
    reason: 'assertion_subject',
    says: 'takes assertions whose iss and sub are the client',
    holds: ({ claims: { iss, sub }, clientId }) => iss === clientId && sub === clientId,
    otherwise: invalid('iss and sub of the client assertion must both be the client_id'),
    expected: ({ clientId }) => `iss and sub ${shown(clientId)}`,
    received: ({ claims }) => `iss ${shown(claims['iss'])} and sub ${shown(claims['sub'])}`,
    remedy: 'Set iss and sub to the client_id, and send the same client_id in the request or none.',
  },
  {
    id: 'SP-AS-08',
    reason: 'assertion_aud',
    says: 'takes assertions for its own issuer identifier only',
    holds: ({ claims: { aud }, issuer }) =>
      aud === issuer ||
      (Array.isArray(aud) && aud.length > 0 && aud.every((one) => one === issuer)),
    otherwise: invalid('aud of the client assertion must be the issuer of this server'),
    expected: ({ issuer }) => `aud ${shown(issuer)}`,
    received: ({ claims }) => `aud ${shown(claims['aud'])}`,
    remedy:
      'Set aud to the issuer as the metadata spells it: not to the URL of an endpoint, and without a slash added.',
  },
  {
    id: 'SP-AS-08a',
    reason: 'assertion_aud_array',
    says: 'takes aud of an assertion as a string only',
    holds: ({ claims }) => !Array.isArray(claims['aud']),
    otherwise: invalid('aud of the client assertion must be a string, not an array'),
    expected: ({ issuer }) => `aud ${shown(issuer)}`,
    received: ({ claims }) => `aud ${shown(claims['aud'])}`,
    remedy: 'Set aud to the issuer itself instead of an array that holds it.',
  },
  {
    id: 'PKJ-04',
    reason: 'assertion_exp',
    says: 'takes no assertion that has expired or never does',
    ...expIsAhead,
    otherwise: invalid('the client assertion has expired or has no exp'),
    remedy:
      'Make a new assertion for each request, valid for about a minute, and set the clock of the client.',
  },
  {
    id: 'PKJ-05',
    reason: 'assertion_lifetime',
    says: `takes assertions that end within ${LONGEST_LIFETIME} s`,
    // A clock may be ahead by as much for exp as for iat.
    holds: ({ claims: { exp }, now }) =>
      !isNumericDate(exp) || exp <= now + LONGEST_LIFETIME + CLOCK_AHEAD,
    otherwise: invalid('exp of the client assertion is too far in the future'),
    expected: ({ now }) => `exp at most ${now + LONGEST_LIFETIME + CLOCK_AHEAD}`,
    received: ({ claims, now }) => `exp ${offset(claims['exp'], now)}`,
    remedy: 'Let assertions live for about a minute; exp is in seconds, not in milliseconds.',
  },
  {
    id: 'SP-AS-13a',
    reason: 'assertion_from_future',
    says: `takes no assertion whose iat or nbf is more than ${CLOCK_AHEAD} s ahead`,
    ...hasBegunByNow,
    otherwise: invalid('iat or nbf of the client assertion is in the future'),
    remedy: 'Set the clock of the client by NTP; times are in seconds.',
  },
  {
    id: 'PKJ-06',
    reason: 'assertion_jti',
    says: 'takes assertions with a jti only, by which each is used once',
    ...jtiIsThere,
    otherwise: invalid('the client assertion must have a jti of 1 to 256 characters'),
    remedy: 'Give each assertion a jti of its own, such as a UUID.',
  },
  {
    id: 'PKJ-07',
    reason: 'assertion_registered_alg',
    says: 'takes assertions signed with the algorithm the client registered',
    ...algIsRegistered,
    otherwise: FAILED,
    remedy: 'Sign with token_endpoint_auth_signing_alg of the client, or correct its registration.',
  },
]

/** Last, because it costs most. Read beside RFC 7523 §3(9). */
export const assertionSignatureRules: Rules<SignedJwt, SignedJwt> = [
  {
    id: 'PKJ-07',
    reason: 'assertion_signature',
    says: 'takes assertions signed with a key of the client they name',
    ...isSignedWithAKey,
    otherwise: FAILED,
    remedy: 'Register the public key the client signs with (jwks or jwks_uri), and send its kid.',
  },
]
