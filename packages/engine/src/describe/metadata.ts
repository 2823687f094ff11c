import { ALGORITHMS, type AuthorizationServerMetadata } from '@signet/protocol'
import { ACR_VALUES } from '../authentication-context.ts'
import type { Service } from '../config.ts'
import type { Ports } from '../ports.ts'
import { GRANT_TYPES } from '../clients/client.ts'
import { OPENID_SCOPES } from '../scopes.ts'
import { STANDARD_CLAIMS } from '../tokens/claims.ts'

const AUTHENTICATION: readonly string[] = ['private_key_jwt']

/** The languages of the pages. */
const LOCALES: readonly string[] = ['en', 'de']

/** What every ID token says, beside the claims about the user. */
const ID_TOKEN_CLAIMS: readonly string[] = [
  'iss',
  'aud',
  'exp',
  'iat',
  'auth_time',
  'nonce',
  'acr',
  'amr',
  'sid',
  'at_hash',
]

/**
 * What the service says about itself: what it enforces, and nothing it does not. RFC 8414 and OpenID Connect Discovery get
 * the same document.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8414.html#section-2 RFC 8414 §2}
 */
export function metadata(service: Service): AuthorizationServerMetadata {
  const { issuer, endpoints, scopes, signingAlgorithms } = service
  return {
    issuer,
    authorization_endpoint: endpoints.authorization,
    pushed_authorization_request_endpoint: endpoints.pushedAuthorizationRequest,
    require_pushed_authorization_requests: true,
    token_endpoint: endpoints.token,
    userinfo_endpoint: endpoints.userinfo,
    introspection_endpoint: endpoints.introspection,
    revocation_endpoint: endpoints.revocation,
    end_session_endpoint: endpoints.endSession,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
    jwks_uri: endpoints.jwks,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    authorization_response_iss_parameter_supported: true,
    code_challenge_methods_supported: ['S256'],
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    grant_types_supported: GRANT_TYPES,
    token_endpoint_auth_methods_supported: AUTHENTICATION,
    token_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
    introspection_endpoint_auth_methods_supported: AUTHENTICATION,
    introspection_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
    revocation_endpoint_auth_methods_supported: AUTHENTICATION,
    revocation_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
    dpop_signing_alg_values_supported: ALGORITHMS,
    id_token_signing_alg_values_supported: signingAlgorithms,
    userinfo_signing_alg_values_supported: signingAlgorithms,
    subject_types_supported: ['public'],
    scopes_supported: [...OPENID_SCOPES, ...Object.keys(scopes)],
    acr_values_supported: ACR_VALUES,
    claim_types_supported: ['normal'],
    claims_supported: [...ID_TOKEN_CLAIMS, ...STANDARD_CLAIMS],
    claims_parameter_supported: true,
    ui_locales_supported: LOCALES,
  }
}

/** The document as JSON, serialised once for the life of an engine: the configuration does not change under it. */
export function metadataJson({ service }: Pick<Ports, 'service'>): () => string {
  const json = JSON.stringify(metadata(service))
  return () => json
}
