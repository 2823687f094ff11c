import type { Algorithm } from './jose/algorithms.ts'

type Texts = readonly string[]
type Algorithms = readonly Algorithm[]

/** Endpoints that can have an alias which asks for a client certificate. @see RFC 8705 §5 */
export interface EndpointAliases {
  readonly token_endpoint?: string
  readonly revocation_endpoint?: string
  readonly introspection_endpoint?: string
  readonly pushed_authorization_request_endpoint?: string
  readonly userinfo_endpoint?: string
  readonly registration_endpoint?: string
  readonly device_authorization_endpoint?: string
  readonly backchannel_authentication_endpoint?: string
}

/**
 * What a server says about itself: the registered names and no others, so that nothing unregistered can
 * be published. Signature algorithms are those of the profile by type.
 *
 * @see the IANA registry "OAuth Authorization Server Metadata"
 */
export interface AuthorizationServerMetadata {
  // RFC 8414 §2
  readonly issuer: string
  readonly authorization_endpoint?: string
  readonly token_endpoint?: string
  readonly jwks_uri?: string
  readonly registration_endpoint?: string
  readonly scopes_supported?: Texts
  readonly response_types_supported: Texts
  readonly response_modes_supported?: Texts
  readonly grant_types_supported?: Texts
  readonly token_endpoint_auth_methods_supported?: Texts
  readonly token_endpoint_auth_signing_alg_values_supported?: Algorithms
  readonly service_documentation?: string
  readonly ui_locales_supported?: Texts
  readonly op_policy_uri?: string
  readonly op_tos_uri?: string
  readonly revocation_endpoint?: string
  readonly revocation_endpoint_auth_methods_supported?: Texts
  readonly revocation_endpoint_auth_signing_alg_values_supported?: Algorithms
  readonly introspection_endpoint?: string
  readonly introspection_endpoint_auth_methods_supported?: Texts
  readonly introspection_endpoint_auth_signing_alg_values_supported?: Algorithms
  readonly code_challenge_methods_supported?: Texts
  readonly signed_metadata?: string

  // OpenID Connect Discovery §3
  readonly userinfo_endpoint?: string
  readonly acr_values_supported?: Texts
  readonly subject_types_supported?: Texts
  readonly id_token_signing_alg_values_supported?: Algorithms
  readonly id_token_encryption_alg_values_supported?: Texts
  readonly id_token_encryption_enc_values_supported?: Texts
  readonly userinfo_signing_alg_values_supported?: Algorithms
  readonly userinfo_encryption_alg_values_supported?: Texts
  readonly userinfo_encryption_enc_values_supported?: Texts
  readonly request_object_signing_alg_values_supported?: Algorithms
  readonly request_object_encryption_alg_values_supported?: Texts
  readonly request_object_encryption_enc_values_supported?: Texts
  readonly display_values_supported?: Texts
  readonly claim_types_supported?: Texts
  readonly claims_supported?: Texts
  readonly claims_locales_supported?: Texts
  readonly claims_parameter_supported?: boolean
  readonly request_parameter_supported?: boolean
  readonly request_uri_parameter_supported?: boolean
  readonly require_request_uri_registration?: boolean
  /** @see Initiating User Registration via OpenID Connect §4 */
  readonly prompt_values_supported?: Texts

  /** @see RFC 8628 §4 */
  readonly device_authorization_endpoint?: string
  /** @see RFC 8705 §3.3 */
  readonly tls_client_certificate_bound_access_tokens?: boolean
  /** @see RFC 8705 §5 */
  readonly mtls_endpoint_aliases?: EndpointAliases
  /** @see RFC 9101 §10.5 */
  readonly require_signed_request_object?: boolean
  /** @see RFC 9126 §5 */
  readonly pushed_authorization_request_endpoint?: string
  readonly require_pushed_authorization_requests?: boolean
  /** @see RFC 9207 §3 */
  readonly authorization_response_iss_parameter_supported?: boolean
  /** @see RFC 9396 §10 */
  readonly authorization_details_types_supported?: Texts
  /** @see RFC 9449 §5.1 */
  readonly dpop_signing_alg_values_supported?: Algorithms
  /** @see RFC 9728 §4 */
  readonly protected_resources?: Texts
  /** @see Client ID Metadata Document §5 */
  readonly client_id_metadata_document_supported?: boolean

  // JARM §4
  readonly authorization_signing_alg_values_supported?: Algorithms
  readonly authorization_encryption_alg_values_supported?: Texts
  readonly authorization_encryption_enc_values_supported?: Texts

  // RFC 9701 §7
  readonly introspection_signing_alg_values_supported?: Algorithms
  readonly introspection_encryption_alg_values_supported?: Texts
  readonly introspection_encryption_enc_values_supported?: Texts

  // RP-Initiated Logout §2.1, Back-Channel Logout §2.1, Front-Channel Logout §3, Session Management §3.3
  readonly end_session_endpoint?: string
  readonly backchannel_logout_supported?: boolean
  readonly backchannel_logout_session_supported?: boolean
  readonly frontchannel_logout_supported?: boolean
  readonly frontchannel_logout_session_supported?: boolean
  readonly check_session_iframe?: string

  // CIBA §4
  readonly backchannel_token_delivery_modes_supported?: Texts
  readonly backchannel_authentication_endpoint?: string
  readonly backchannel_authentication_request_signing_alg_values_supported?: Algorithms
  readonly backchannel_user_code_parameter_supported?: boolean
}
