import { isObject, refusal, type Refusal } from '@signet/protocol'
import type { Service } from '../config.ts'
import { isProfile } from './profile.ts'

/** The metadata of a client (RFC 7591 §2) that wants to be known at a service. */
export interface Registration {
  readonly metadata: Readonly<Record<string, unknown>>
  readonly service: Service
}

export type Metadata = Registration['metadata']

export const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every(isText)
/** Several values are for the time in which one certificate takes the place of another. */
const isTextOrTexts = (value: unknown): boolean =>
  isText(value) || (isTexts(value) && value.length > 0)
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean'

/** The members we read, and what each has to be. */
const MEMBERS: Readonly<Record<string, (value: unknown) => boolean>> = {
  client_id: (value) => isText(value) && /^[\x21-\x7E]{1,255}$/.test(value),
  client_name: (value) => isText(value) && value.length <= 200 && !/\p{C}/u.test(value),
  client_uri: isText,
  redirect_uris: isTexts,
  post_logout_redirect_uris: isTexts,
  backchannel_logout_uri: isText,
  backchannel_logout_session_required: isFlag,
  token_endpoint_auth_method: isText,
  token_endpoint_auth_signing_alg: isText,
  jwks: isObject,
  jwks_uri: isText,
  grant_types: isTexts,
  response_types: isTexts,
  scope: (value) => typeof value === 'string',
  dpop_bound_access_tokens: isFlag,
  require_pushed_authorization_requests: isFlag,
  id_token_signed_response_alg: isText,
  userinfo_signed_response_alg: isText,
  default_max_age: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  require_auth_time: isFlag,
  default_acr_values: isTexts,
  application_type: (value) => value === 'web' || value === 'native',
  subject_type: (value) => value === 'public',
  access_token_format: (value) => value === 'jwt' || value === 'opaque',
  profile: (value) => isText(value) && isProfile(value),
  tls_client_auth_subject_dn: isTextOrTexts,
  tls_client_auth_san_dns: isTextOrTexts,
  tls_client_auth_san_uri: isTextOrTexts,
  tls_client_auth_san_ip: isTextOrTexts,
  tls_client_auth_san_email: isTextOrTexts,
  tls_client_certificate_bound_access_tokens: isFlag,
  use_mtls_endpoint_aliases: isFlag,
  require_signed_request_object: isFlag,
  request_object_signing_alg: isText,
  request_object_encryption_alg: isText,
  request_object_encryption_enc: isText,
  response_modes: isTexts,
  authorization_signed_response_alg: isText,
  authorization_encrypted_response_alg: isText,
  authorization_encrypted_response_enc: isText,
  id_token_encrypted_response_alg: isText,
  id_token_encrypted_response_enc: isText,
  userinfo_encrypted_response_alg: isText,
  userinfo_encrypted_response_enc: isText,
  introspection_signed_response_alg: isText,
  introspection_encrypted_response_alg: isText,
  introspection_encrypted_response_enc: isText,
}

export const invalid = (description: string): Refusal =>
  refusal('invalid_client_metadata', description)

export const texts = (metadata: Metadata, name: string): readonly string[] =>
  isTexts(metadata[name]) ? metadata[name] : []
export const text = (metadata: Metadata, name: string): string =>
  isText(metadata[name]) ? metadata[name] : ''
export const shown = (metadata: Metadata, name: string): string =>
  `${name} ${metadata[name] === undefined ? 'missing' : JSON.stringify(metadata[name])}`

/** RFC 7591 §2: absent means the authorization code grant. */
export function grantTypes(metadata: Metadata): readonly string[] {
  return metadata['grant_types'] === undefined
    ? ['authorization_code']
    : texts(metadata, 'grant_types')
}

export const malformed = (metadata: Metadata): readonly string[] =>
  Object.entries(MEMBERS)
    .filter(([name, fits]) => metadata[name] !== undefined && !fits(metadata[name]))
    .map(([name]) => name)
