import {
  ALGORITHMS,
  CONTENT_ENCRYPTION,
  KEY_MANAGEMENT,
  type AuthorizationServerMetadata,
} from '@signet/protocol'
import { ACR_VALUES } from '../authentication-context.ts'
import type { Service } from '../config.ts'
import type { Ports } from '../ports.ts'
import { GRANT_TYPES } from '../clients/client.ts'
import { isSigned } from '../response-modes.ts'
import { OPENID_SCOPES } from '../scopes.ts'
import { STANDARD_CLAIMS } from '../tokens/claims.ts'

/** How clients can authenticate. Authorities have to be chosen before they can vouch for anybody. */
export function authenticationMethods({ mtls }: Service): readonly string[] {
  if (mtls === undefined) return ['private_key_jwt']
  const methods = ['private_key_jwt', 'self_signed_tls_client_auth']
  return mtls.trustedAuthorities.length === 0 ? methods : [...methods, 'tls_client_auth']
}

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
  const authentication = authenticationMethods(service)
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
    response_modes_supported: service.responseModes,
    authorization_response_iss_parameter_supported: true,
    code_challenge_methods_supported: ['S256'],
    request_parameter_supported: true,
    request_uri_parameter_supported: false,
    grant_types_supported: GRANT_TYPES,
    token_endpoint_auth_methods_supported: authentication,
    token_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
    introspection_endpoint_auth_methods_supported: authentication,
    introspection_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
    revocation_endpoint_auth_methods_supported: authentication,
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
    ...signedMessages(service),
    ...encryption(service),
    ...mutualTls(service),
  }
}

function signedMessages({
  requireSignedRequests,
  responseModes,
  signingAlgorithms,
}: Service): Partial<AuthorizationServerMetadata> {
  return {
    request_object_signing_alg_values_supported: ALGORITHMS,
    require_signed_request_object: requireSignedRequests,
    ...(responseModes.some(isSigned) && {
      authorization_signing_alg_values_supported: signingAlgorithms,
    }),
    introspection_signing_alg_values_supported: signingAlgorithms,
  }
}

/** What we encrypt for others, and what they may encrypt for us. */
function encryption({
  requestObjectEncryption,
  responseModes,
}: Service): Partial<AuthorizationServerMetadata> {
  return {
    id_token_encryption_alg_values_supported: KEY_MANAGEMENT,
    id_token_encryption_enc_values_supported: CONTENT_ENCRYPTION,
    userinfo_encryption_alg_values_supported: KEY_MANAGEMENT,
    userinfo_encryption_enc_values_supported: CONTENT_ENCRYPTION,
    introspection_encryption_alg_values_supported: KEY_MANAGEMENT,
    introspection_encryption_enc_values_supported: CONTENT_ENCRYPTION,
    ...(responseModes.some(isSigned) && {
      authorization_encryption_alg_values_supported: KEY_MANAGEMENT,
      authorization_encryption_enc_values_supported: CONTENT_ENCRYPTION,
    }),
    ...(requestObjectEncryption.length > 0 && {
      request_object_encryption_alg_values_supported: requestObjectEncryption,
      request_object_encryption_enc_values_supported: CONTENT_ENCRYPTION,
    }),
  }
}

/** @see RFC 8705 §3.3 and §5 */
function mutualTls({ mtls }: Service): Partial<AuthorizationServerMetadata> {
  if (mtls === undefined) return {}
  const { endpoints } = mtls
  return {
    tls_client_certificate_bound_access_tokens: true,
    mtls_endpoint_aliases: {
      token_endpoint: endpoints.token,
      revocation_endpoint: endpoints.revocation,
      introspection_endpoint: endpoints.introspection,
      pushed_authorization_request_endpoint: endpoints.pushedAuthorizationRequest,
      userinfo_endpoint: endpoints.userinfo,
    },
  }
}

/** The document as JSON, serialised once for the life of an engine: the configuration does not change under it. */
export function metadataJson({ service }: Pick<Ports, 'service'>): () => string {
  const json = JSON.stringify(metadata(service))
  return () => json
}
