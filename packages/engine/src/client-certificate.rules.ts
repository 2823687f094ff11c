import {
  parameter,
  refusal,
  shown,
  type CertificateAuthentication,
  type Form,
  type Rules,
} from '@signet/protocol'
import type { Client, ClientAuthentication } from './clients/client.ts'

/** Who a request without an assertion says it comes from, at an endpoint that asks for certificates. */
export interface CertificateCredentials {
  readonly form: Form
  readonly authorization: readonly string[]
  readonly clientId: string | undefined
  /** How many certificates came with the connection. */
  readonly certificates: number
}

export interface NamedCredentials extends CertificateCredentials {
  readonly clientId: string
}

/** What such a request must respect before anybody looks at the client. Read beside RFC 8705 §2. */
export const certificateCredentialRules: Rules<CertificateCredentials, NamedCredentials> = [
  {
    id: 'PKJ-09',
    reason: 'certificate_and_other_credentials',
    says: 'takes one authentication method a request',
    holds: ({ form, authorization }) =>
      authorization.length === 0 && parameter(form, 'client_secret') === undefined,
    otherwise: refusal('invalid_client', 'client authentication is required'),
    expected: () => 'a certificate alone, or a client assertion alone',
    received: ({ authorization }) =>
      authorization.length > 0 ? 'an Authorization header' : 'a client_secret',
    remedy: 'Send client_id over the connection with the certificate, and no other credentials.',
  },
  {
    id: 'SP-AS-06',
    reason: 'certificate_without_client_id',
    says: 'authenticates every client, and does not guess who it is',
    holds: ({ clientId }) => clientId !== undefined,
    otherwise: refusal('invalid_client', 'client authentication is required'),
    expected: () => 'client_id beside the certificate, or a client_assertion',
    received: ({ certificates }) =>
      `neither client_id nor client_assertion, and ${certificates === 0 ? 'no certificate' : 'a certificate'}`,
    remedy: 'Send client_id in the form: a certificate alone does not say whose it is.',
  },
]

export interface CertificateAttribution {
  readonly clientId: string
  readonly client: Client | undefined
  readonly authentication: ClientAuthentication | undefined
}

export interface AttributedCertificate extends CertificateAttribution {
  readonly client: Client
  readonly authentication: CertificateAuthentication
}

/** The caller is told the same as when the certificate does not fit: never which clients there are. */
const FAILED = refusal('invalid_client', 'client authentication failed')

/** Read beside RFC 8705 §2. */
export const certificateAttributionRules: Rules<CertificateAttribution, AttributedCertificate> = [
  {
    id: 'SP-AS-03',
    reason: 'client_unknown',
    says: 'serves registered, confidential clients only',
    holds: ({ client }) => client !== undefined,
    otherwise: FAILED,
    expected: () => 'the id of a client that is registered and not disabled',
    received: ({ clientId }) => `client_id ${shown(clientId)}`,
    remedy: 'Register the client (signet client list shows those that are), or correct its id.',
  },
  {
    id: 'MTLS-01',
    reason: 'method_not_certificate',
    says: 'takes certificates of clients that are registered for them only',
    holds: ({ authentication }) =>
      authentication === undefined || authentication.method !== 'private_key_jwt',
    otherwise: FAILED,
    expected: ({ authentication }) => `client authentication by ${authentication?.method ?? ''}`,
    received: () => 'a client_id, and a certificate on the connection',
    remedy: 'Send the client_assertion, or change token_endpoint_auth_method of the client.',
  },
]
