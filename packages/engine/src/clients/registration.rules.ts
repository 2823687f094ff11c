import { ALGORITHMS, isAlgorithm, refusal, type Algorithm, type Rule } from '@signet/protocol'
import type { Service } from '../config.ts'
import { isKnownScope, OPENID_SCOPES } from '../scopes.ts'
import { words } from '../authorization-parameters.ts'
import { authenticationMethod, METHODS } from './certificate.rules.ts'
import { GRANT_TYPES, isGrantType } from './client.ts'
import { unusableJwks } from './client-jwks.ts'
import { isPlainHttps, isRedirectUri, withoutUser } from './client-uris.ts'
import {
  grantTypes,
  invalid,
  isText,
  malformed,
  shown,
  text,
  texts,
  type Metadata,
  type Registration,
} from './metadata.ts'
import { neededKeys } from './needed-keys.ts'

/** How we sign for the client. */
const ANSWERS = [
  'id_token_signed_response_alg',
  'userinfo_signed_response_alg',
  'authorization_signed_response_alg',
  'introspection_signed_response_alg',
] as const

const SIGNING = [
  'token_endpoint_auth_signing_alg',
  'request_object_signing_alg',
  ...ANSWERS,
] as const

/** EdDSA and Ed25519 are two names of one algorithm here. */
function canSign(service: Service, name: string): boolean {
  const same: readonly string[] =
    name === 'EdDSA' || name === 'Ed25519' ? ['EdDSA', 'Ed25519'] : [name]
  return service.signingAlgorithms.some((algorithm: Algorithm) => same.includes(algorithm))
}

function needsKeys(registration: Registration): boolean {
  const { signs, reads } = neededKeys(registration)
  return signs || reads.length > 0
}

function unusableKeys(registration: Registration): string | undefined {
  return unusableJwks(registration.metadata['jwks'], neededKeys(registration))
}

const isNative = (metadata: Metadata): boolean => metadata['application_type'] === 'native'

/** What a client must respect to be known. Read beside RFC 7591 §2 and FAPI 2.0 §5.3.2. */
export const registrationRules: readonly Rule<Registration>[] = [
  {
    id: 'DCR-03',
    reason: 'client_metadata_malformed',
    says: 'takes client metadata whose members have the right types, client_id among them',
    holds: ({ metadata }) => malformed(metadata).length === 0 && isText(metadata['client_id']),
    otherwise: invalid('a member of the client metadata is missing or of the wrong type'),
    expected: () => 'client_id, and every member as RFC 7591 defines it',
    received: ({ metadata }) =>
      isText(metadata['client_id']) ? `wrong: ${malformed(metadata).join(', ')}` : 'no client_id',
    remedy: 'Correct the members named.',
  },
  {
    id: 'SP-AS-03',
    reason: 'client_public',
    says: 'registers confidential clients only',
    holds: ({ metadata }) => metadata['token_endpoint_auth_method'] !== 'none',
    otherwise: invalid('public clients are not registered here'),
    expected: () => `token_endpoint_auth_method ${METHODS.join(' or ')}`,
    received: ({ metadata }) => shown(metadata, 'token_endpoint_auth_method'),
    remedy:
      'Give the client a key pair and register the public key; put a browser app behind a BFF.',
  },
  {
    id: 'SP-AS-06',
    reason: 'client_authentication_unsupported',
    says: 'registers clients that authenticate by private_key_jwt or mutual TLS',
    holds: ({ metadata }) =>
      metadata['token_endpoint_auth_method'] === 'none' ||
      METHODS.includes(authenticationMethod(metadata)),
    otherwise: invalid('token_endpoint_auth_method must be private_key_jwt or mutual TLS'),
    expected: () => `token_endpoint_auth_method ${METHODS.join(' or ')}`,
    received: ({ metadata }) => shown(metadata, 'token_endpoint_auth_method'),
    remedy: 'Use one of these methods; secrets are not accepted by the profile.',
  },
  {
    id: 'SP-CR-02',
    reason: 'client_algorithm_forbidden',
    says: 'registers the algorithms PS256, ES256 and EdDSA with Ed25519 only',
    holds: ({ metadata }) =>
      SIGNING.every((name) => metadata[name] === undefined || isAlgorithm(text(metadata, name))),
    otherwise: invalid('an algorithm is not allowed'),
    expected: () => ALGORITHMS.join(', '),
    received: ({ metadata }) => SIGNING.map((name) => shown(metadata, name)).join(', '),
    remedy: 'Choose one of the allowed algorithms; RS256 is not among them.',
  },
  {
    id: 'DCR-04',
    reason: 'client_algorithm_without_key',
    says: 'registers only response algorithms it has a key for',
    holds: ({ metadata, service }) =>
      ANSWERS.every((name) => {
        const algorithm = text(metadata, name)
        return !isAlgorithm(algorithm) || canSign(service, algorithm)
      }),
    otherwise: invalid('the server has no key for a response algorithm'),
    expected: ({ service }) => `one of ${service.signingAlgorithms.join(', ')}`,
    received: ({ metadata }) => ANSWERS.map((name) => shown(metadata, name)).join(', '),
    remedy: 'Choose an algorithm of signing_algorithms, or add it there.',
  },
  {
    id: 'DCR-05',
    reason: 'client_keys_ambiguous',
    says: 'registers either jwks or jwks_uri, and one of them where anything needs a key',
    holds: (registration) => {
      const { jwks, jwks_uri } = registration.metadata
      if (jwks === undefined && jwks_uri === undefined) return !needsKeys(registration)
      return jwks === undefined || jwks_uri === undefined
    },
    otherwise: invalid('exactly one of jwks and jwks_uri is required'),
    expected: () => 'jwks or jwks_uri',
    received: ({ metadata: { jwks } }) => (jwks === undefined ? 'neither' : 'both'),
    remedy: 'Register the public keys in one way.',
  },
  {
    id: 'SP-CR-08',
    reason: 'client_jwks_uri_not_https',
    says: 'reads keys over TLS only',
    holds: ({ metadata }) => {
      const uri = text(metadata, 'jwks_uri')
      return uri === '' || isPlainHttps(uri)
    },
    otherwise: invalid('jwks_uri must be an https URL without credentials'),
    expected: () => 'an https URL without user and password',
    received: ({ metadata }) => `jwks_uri ${withoutUser(text(metadata, 'jwks_uri'))}`,
    remedy: 'Serve the key set over https.',
  },
  {
    id: 'SP-CR-04',
    reason: 'client_keys_unusable',
    says: 'registers keys that are strong enough and public, and all that are needed',
    holds: (registration) =>
      registration.metadata['jwks'] === undefined || unusableKeys(registration) === undefined,
    otherwise: invalid('jwks has no usable key'),
    expected: () =>
      'a public RSA key of 2048 bits or more, P-256 or Ed25519 key; and one for every encryption that is registered',
    received: (registration) => unusableKeys(registration) ?? 'usable keys',
    remedy:
      'Register the public half of a PS256, ES256 or EdDSA key, and, for encrypted answers, of one with use enc.',
  },
  {
    id: 'SP-AS-02',
    reason: 'client_grant_type_unsupported',
    says: 'registers the grant types authorization_code, refresh_token and client_credentials only',
    holds: ({ metadata }) => texts(metadata, 'grant_types').every(isGrantType),
    otherwise: invalid('a grant type is not supported'),
    expected: () => GRANT_TYPES.join(', '),
    received: ({ metadata }) => shown(metadata, 'grant_types'),
    remedy: 'Remove the grant type; password and implicit do not exist here.',
  },
  {
    id: 'SP-AZ-01',
    reason: 'client_response_type_unsupported',
    says: 'registers response type code only',
    holds: ({ metadata }) => texts(metadata, 'response_types').every((name) => name === 'code'),
    otherwise: invalid('response_types must be code'),
    expected: () => 'response_types ["code"], or none',
    received: ({ metadata }) => shown(metadata, 'response_types'),
    remedy: 'Use the authorization code flow.',
  },
  {
    id: 'SP-AZ-06',
    reason: 'client_redirect_uri_missing',
    says: 'registers at least one redirect_uri for the code flow',
    holds: ({ metadata }) =>
      !grantTypes(metadata).includes('authorization_code') ||
      malformed(metadata).includes('redirect_uris') ||
      texts(metadata, 'redirect_uris').length > 0,
    otherwise: refusal('invalid_redirect_uri', 'redirect_uris is required for the code flow'),
    expected: () => 'one redirect URI or more',
    received: () => 'none',
    remedy: 'Register redirect_uris, or grant_types without authorization_code.',
  },
  {
    id: 'SP-AZ-08',
    reason: 'client_redirect_uri_unencrypted',
    says: 'sends answers over https only, or to the loopback address of a native app',
    holds: ({ metadata }) =>
      texts(metadata, 'redirect_uris').every((uri) => isRedirectUri(uri, isNative(metadata))),
    otherwise: refusal('invalid_redirect_uri', 'a redirect URI is not allowed'),
    expected: () =>
      'https URLs without fragment; http://127.0.0.1 or http://[::1] for application_type native',
    received: ({ metadata }) => shown(metadata, 'redirect_uris'),
    remedy: 'Register https URLs.',
  },
  {
    id: 'LOG-02',
    reason: 'client_logout_uri_unencrypted',
    says: 'redirects after logout to registered https URLs only',
    holds: ({ metadata }) =>
      texts(metadata, 'post_logout_redirect_uris').every((uri) =>
        isRedirectUri(uri, isNative(metadata)),
      ),
    otherwise: invalid('a post_logout_redirect_uri is not allowed'),
    expected: () => 'https URLs without fragment',
    received: ({ metadata }) => shown(metadata, 'post_logout_redirect_uris'),
    remedy: 'Register https URLs.',
  },
  {
    id: 'LOG-06',
    reason: 'client_backchannel_logout_uri_refused',
    says: 'tells clients of the end of a session at https URLs without fragment only',
    holds: ({ metadata }) => {
      const uri = text(metadata, 'backchannel_logout_uri')
      return uri === '' || isRedirectUri(uri, false)
    },
    otherwise: invalid('backchannel_logout_uri is not allowed'),
    expected: () => 'an https URL without fragment, user and password',
    received: ({ metadata }) =>
      `backchannel_logout_uri ${withoutUser(text(metadata, 'backchannel_logout_uri'))}`,
    remedy: 'Register an https URL that this server can reach.',
  },
  {
    id: 'SP-AS-04',
    reason: 'client_tokens_unbound',
    says: 'issues sender-constrained tokens only',
    holds: ({ metadata: { dpop_bound_access_tokens: dpop, ...metadata } }) =>
      metadata['tls_client_certificate_bound_access_tokens'] === true
        ? dpop !== true
        : dpop !== false,
    otherwise: invalid('access tokens must be bound to a DPoP key or to a certificate'),
    expected: () =>
      'dpop_bound_access_tokens true or none, or tls_client_certificate_bound_access_tokens true',
    received: ({ metadata }) =>
      `${shown(metadata, 'dpop_bound_access_tokens')}, ${shown(metadata, 'tls_client_certificate_bound_access_tokens')}`,
    remedy: 'Use DPoP or certificates, one of them; bearer tokens do not exist here.',
  },
  {
    id: 'SP-AZ-03',
    reason: 'client_without_par',
    says: 'takes pushed authorization requests only',
    holds: ({ metadata }) => metadata['require_pushed_authorization_requests'] !== false,
    otherwise: invalid('require_pushed_authorization_requests must be true'),
    expected: () => 'require_pushed_authorization_requests true, or none',
    received: ({ metadata }) => shown(metadata, 'require_pushed_authorization_requests'),
    remedy: 'Push authorization requests.',
  },
  {
    id: 'SP-AS-14',
    reason: 'client_scope_unknown',
    says: 'registers scopes that mean something at the service',
    holds: ({ metadata, service }) =>
      words(text(metadata, 'scope')).every((name) => isKnownScope(service, name)),
    otherwise: invalid('a scope is unknown'),
    expected: ({ service }) =>
      `scopes among: ${[...OPENID_SCOPES, ...Object.keys(service.scopes)].join(' ')}`,
    received: ({ metadata }) => shown(metadata, 'scope'),
    remedy: 'Declare the scope under scopes of the service, or remove it here.',
  },
]
