import { certificateNameProblem, type CertificateName, type Rule } from '@signet/protocol'
import { invalid, shown, text, texts, type Metadata, type Registration } from './metadata.ts'

/** How a client can authenticate. @see FAPI 2.0 Security Profile §5.3.2.1-6 */
export const METHODS: readonly string[] = [
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
]

/** DCR-04: of the default of RFC 7591, a secret, the profile knows nothing. */
export function authenticationMethod(metadata: Metadata): string {
  return metadata['token_endpoint_auth_method'] === undefined
    ? 'private_key_jwt'
    : text(metadata, 'token_endpoint_auth_method')
}

const NAMES: readonly CertificateName['field'][] = [
  'tls_client_auth_subject_dn',
  'tls_client_auth_san_dns',
  'tls_client_auth_san_uri',
  'tls_client_auth_san_ip',
  'tls_client_auth_san_email',
]

/** The names of a certificate that a client registered, each with its values. */
export function certificateNames(metadata: Metadata): readonly CertificateName[] {
  return NAMES.filter((field) => metadata[field] !== undefined).map((field) => ({
    field,
    values: typeof metadata[field] === 'string' ? [metadata[field]] : texts(metadata, field),
  }))
}

function unusableNames(metadata: Metadata): readonly string[] {
  return certificateNames(metadata).flatMap(({ field, values }) =>
    values.flatMap((value) => {
      const problem = certificateNameProblem(field, value)
      return problem === undefined ? [] : [`${field} ${JSON.stringify(value)}: ${problem}`]
    }),
  )
}

const usesCertificates = (metadata: Metadata): boolean =>
  authenticationMethod(metadata).endsWith('tls_client_auth') ||
  metadata['tls_client_certificate_bound_access_tokens'] === true

/** What a client that uses certificates must say about them. Read beside RFC 8705 §2.1.2, §3.4 and §7. */
export const certificateRegistrationRules: readonly Rule<Registration>[] = [
  {
    id: 'MTLS-07',
    reason: 'client_mtls_unsupported',
    says: 'registers clients with certificates only where certificates are asked for',
    holds: ({ metadata, service }) => !usesCertificates(metadata) || service.mtls !== undefined,
    otherwise: invalid('client certificates are not taken here'),
    expected: () => 'a client that uses private_key_jwt and DPoP',
    received: ({ metadata }) =>
      `${shown(metadata, 'token_endpoint_auth_method')}, ${shown(metadata, 'tls_client_certificate_bound_access_tokens')}`,
    remedy: 'Configure mtls, with an origin and a listener that asks for certificates.',
  },
  {
    id: 'MTLS-12',
    reason: 'client_authorities_missing',
    says: 'registers tls_client_auth only with authorities that were chosen',
    holds: ({ metadata, service: { mtls } }) =>
      authenticationMethod(metadata) !== 'tls_client_auth' ||
      mtls === undefined ||
      mtls.trustedAuthorities.length > 0,
    otherwise: invalid('tls_client_auth is not offered here'),
    expected: () => 'mtls.trusted_cas in the configuration, or self_signed_tls_client_auth',
    received: () => 'tls_client_auth, and no authority that is trusted',
    remedy: 'List the authorities that issue certificates to clients in mtls.trusted_cas.',
  },
  {
    id: 'MTLS-02',
    reason: 'client_certificate_name_ambiguous',
    says: 'registers exactly one kind of name for tls_client_auth, and names that a certificate can have',
    holds: ({ metadata }) =>
      authenticationMethod(metadata) !== 'tls_client_auth' ||
      (certificateNames(metadata).length === 1 && unusableNames(metadata).length === 0),
    otherwise: invalid('tls_client_auth needs exactly one usable name of the certificate'),
    expected: () => `one of ${NAMES.join(', ')}`,
    received: ({ metadata }) =>
      [
        certificateNames(metadata)
          .map(({ field }) => field)
          .join(', ') || 'none',
        ...unusableNames(metadata),
      ].join('; '),
    remedy: 'Register the one name by which the certificate of the client is known.',
  },
]
