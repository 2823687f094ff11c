import { parameter, refusal, shown, type DecodedJwt, type Form, type Rules } from '@signet/protocol'
import type { Client, ClientAuthentication } from './clients/client.ts'

/** Who a request of the back channel says it comes from. */
export interface Credentials {
  readonly form: Form
  readonly authorization: readonly string[]
  /** The assertion, decoded and not yet verified; undefined when there is none or it is no JWT. */
  readonly assertion: DecodedJwt | undefined
  /** Why the assertion could not be decoded. */
  readonly malformed: string | undefined
  /** The client the assertion names as its subject. */
  readonly client: Client | undefined
  /** How that client is registered to authenticate. */
  readonly authentication: ClientAuthentication | undefined
}

export interface ReadableCredentials extends Credentials {
  readonly assertion: DecodedJwt
}

export interface AttributedCredentials extends ReadableCredentials {
  readonly client: Client
  readonly authentication: Extract<ClientAuthentication, { readonly method: 'private_key_jwt' }>
}

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

const REMEDY =
  'Authenticate with private_key_jwt: client_assertion_type and client_assertion, and nothing else; or with a certificate, at the mtls_endpoint_aliases.'

/** What credentials must respect before the assertion itself is judged. Read beside FAPI 2.0 §5.3.2.1 and RFC 7521 §4.2. */
export const credentialRules: Rules<Credentials, ReadableCredentials> = [
  {
    id: 'PKJ-09',
    reason: 'several_authentication_methods',
    says: 'takes one authentication method a request',
    holds: ({ form, authorization }) =>
      parameter(form, 'client_assertion') === undefined ||
      (authorization.length === 0 && parameter(form, 'client_secret') === undefined),
    otherwise: refusal('invalid_request', 'more than one client authentication method was used'),
    expected: () => 'a client assertion alone',
    received: ({ authorization }) =>
      `a client assertion and ${authorization.length > 0 ? 'an Authorization header' : 'a client_secret'}`,
    remedy: REMEDY,
  },
  {
    id: 'SP-AS-06',
    reason: 'client_not_authenticated',
    says: 'authenticates clients by private_key_jwt or a certificate, never by a secret, never not at all',
    holds: ({ form }) => parameter(form, 'client_assertion') !== undefined,
    otherwise: refusal('invalid_client', 'client authentication is required'),
    expected: () => 'a client_assertion',
    received: ({ form, authorization }) => presented(form, authorization),
    remedy: REMEDY,
  },
  {
    id: 'PKJ-01',
    reason: 'assertion_type_unknown',
    says: 'takes client assertions of type jwt-bearer',
    holds: ({ form }) => parameter(form, 'client_assertion_type') === ASSERTION_TYPE,
    otherwise: refusal('invalid_client', 'client_assertion_type is missing or not jwt-bearer'),
    expected: () => ASSERTION_TYPE,
    received: ({ form }) => typeSent(parameter(form, 'client_assertion_type')),
    remedy: 'Send client_assertion_type with exactly this value.',
  },
  {
    id: 'JWT-06',
    reason: 'assertion_malformed',
    says: 'refuses an assertion that is not one well-formed signed JWT',
    holds: ({ form, assertion }) =>
      assertion !== undefined || parameter(form, 'client_assertion') === undefined,
    otherwise: refusal('invalid_client', 'the client assertion is not a well-formed signed JWT'),
    expected: () => 'a compact JWS of UTF-8 JSON without duplicate members or critical headers',
    received: ({ malformed }) => malformed ?? 'something else',
    remedy: 'Make the assertion with a JOSE library, as a compact JWS.',
  },
  {
    id: 'PKJ-08',
    reason: 'client_id_differs',
    says: 'refuses a client_id parameter that names another client than the assertion does',
    holds: ({ form, assertion }) => {
      const named = parameter(form, 'client_id')
      return assertion === undefined || named === undefined || named === assertion.claims['sub']
    },
    otherwise: refusal('invalid_client', 'client_id names another client than the assertion'),
    expected: ({ assertion }) => `client_id ${shown(assertion?.claims['sub'])}, or none`,
    received: ({ form }) => `client_id ${shown(parameter(form, 'client_id'))}`,
    remedy: 'Leave client_id out, or send the one that is the sub of the assertion.',
  },
]

/** Whose the credentials are. What the caller is told must not differ from what it would be told of a client that exists. */
export const attributionRules: Rules<ReadableCredentials, AttributedCredentials> = [
  {
    id: 'SP-AS-03',
    reason: 'client_unknown',
    says: 'serves registered, confidential clients only',
    holds: ({ client }) => client !== undefined,
    otherwise: refusal('invalid_client', 'client authentication failed'),
    expected: () => 'the id of a client that is registered and not disabled',
    received: ({ assertion }) => `sub ${shown(assertion.claims['sub'])}`,
    remedy: 'Register the client (signet client list shows those that are), or correct its id.',
  },
  {
    id: 'PKJ-01',
    reason: 'method_not_private_key_jwt',
    says: 'takes assertions of clients that are registered for them only',
    holds: ({ authentication }) =>
      authentication === undefined || authentication.method === 'private_key_jwt',
    otherwise: refusal('invalid_client', 'client authentication failed'),
    expected: ({ authentication }) => `client authentication by ${authentication?.method ?? ''}`,
    received: () => 'a client_assertion',
    remedy: 'Authenticate as registered, or change token_endpoint_auth_method of the client.',
  },
]

function presented(form: Form, authorization: readonly string[]): string {
  if (authorization.length > 0) return `an Authorization header of scheme ${scheme(authorization)}`
  if (parameter(form, 'client_secret') !== undefined) return 'a client_secret'
  return parameter(form, 'client_id') === undefined ? 'no credentials' : 'a client_id alone'
}

/** Whoever leaves the scheme out has sent a secret in its place. */
function scheme([first = '']: readonly string[]): string {
  return /^(Basic|Bearer|DPoP|Digest|Negotiate) /i.exec(first)?.[1] ?? 'unknown'
}

/** Whoever mixes the two parameters up has sent the assertion as its type. */
function typeSent(type: string | undefined): string {
  if (type === undefined) return 'no client_assertion_type'
  return type.startsWith('urn:') ? shown(type) : `no URN, but ${type.length} other characters`
}
