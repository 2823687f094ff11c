import {
  breaches,
  type Algorithm,
  type ContentEncryption,
  type KeyManagement,
  type Refused,
} from '@signet/protocol'
import { words } from '../authorization-parameters.ts'
import type { Service } from '../config.ts'
import {
  authenticationMethod,
  certificateNames,
  certificateRegistrationRules,
} from './certificate.rules.ts'
import {
  isGrantType,
  type Client,
  type ClientAuthentication,
  type Encryption,
  type SignedAnswer,
} from './client.ts'
import {
  messageRegistrationRules,
  mustSignRequests,
  responseModesOf,
  type ENCRYPTED,
} from './message.rules.ts'
import { grantTypes, type Metadata } from './metadata.ts'
import { registrationRules } from './registration.rules.ts'

/** Client metadata that cannot be registered; every reason at once. */
export class InvalidClient extends Error {
  readonly refusals: readonly Refused[]

  constructor(clientId: string, refusals: readonly Refused[]) {
    const reasons = refusals.map(
      ({ evidence, refusal }) =>
        `  - ${refusal.description} (${evidence.id}): expected ${evidence.expected}; found ${evidence.received}`,
    )
    super(`Client ${clientId} cannot be registered:\n${reasons.join('\n')}`)
    this.name = 'InvalidClient'
    this.refusals = refusals
  }
}

const RULES = [...registrationRules, ...certificateRegistrationRules, ...messageRegistrationRules]

/**
 * A client from its metadata. Defaults that the profile forbids are replaced: `private_key_jwt` for
 * `client_secret_basic`, the service's own algorithm for RS256 (DCR-04).
 *
 * @throws InvalidClient listing all that is wrong.
 * @see {@link https://www.rfc-editor.org/rfc/rfc7591.html#section-2 RFC 7591 §2}
 */
export function clientFromMetadata(metadata: Metadata, service: Service): Client {
  const { client_id } = metadata
  const id = typeof client_id === 'string' ? client_id : 'without client_id'
  const refusals = breaches(RULES, { metadata, service })
  if (refusals.length > 0) throw new InvalidClient(id, refusals)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the rules above have checked every member
  return registered(metadata as RegisteredMetadata, service)
}

type EncryptionMembers = {
  readonly [Name in (typeof ENCRYPTED)[number] as `${Name}_alg`]?: KeyManagement
} & { readonly [Name in (typeof ENCRYPTED)[number] as `${Name}_enc`]?: ContentEncryption }

/** What the rules guarantee. */
interface RegisteredMetadata extends Metadata, EncryptionMembers {
  readonly client_id: string
  readonly client_name?: string
  readonly client_uri?: string
  readonly redirect_uris?: readonly string[]
  readonly post_logout_redirect_uris?: readonly string[]
  readonly backchannel_logout_uri?: string
  readonly token_endpoint_auth_signing_alg?: Algorithm
  readonly tls_client_certificate_bound_access_tokens?: boolean
  readonly require_signed_request_object?: boolean
  readonly request_object_signing_alg?: Algorithm
  readonly jwks?: unknown
  readonly jwks_uri?: string
  readonly scope?: string
  readonly authorization_signed_response_alg?: Algorithm
  readonly id_token_signed_response_alg?: Algorithm
  readonly introspection_signed_response_alg?: Algorithm
  readonly userinfo_signed_response_alg?: Algorithm
  readonly default_max_age?: number
  readonly require_auth_time?: boolean
  readonly default_acr_values?: readonly string[]
  readonly access_token_format?: 'jwt' | 'opaque'
}

function registered(metadata: RegisteredMetadata, service: Service): Client {
  const { client_id: id, jwks_uri: jwksUri } = metadata
  return {
    id,
    name: metadata.client_name ?? id,
    ...withoutDefault(metadata),
    redirectUris: metadata.redirect_uris ?? [],
    postLogoutRedirectUris: metadata.post_logout_redirect_uris ?? [],
    grantTypes: new Set(grantTypes(metadata).filter(isGrantType)),
    scopes: new Set(words(metadata.scope)),
    authentication: authenticationOf(metadata),
    senderConstraint:
      metadata.tls_client_certificate_bound_access_tokens === true ? 'mtls' : 'dpop',
    keys: jwksUri === undefined ? { jwks: metadata.jwks ?? { keys: [] } } : { jwksUri },
    accessTokenFormat: metadata.access_token_format ?? 'jwt',
    requireAuthTime: metadata.require_auth_time ?? false,
    defaultAcrValues: metadata.default_acr_values ?? [],
    ...messagesOf(metadata, service),
  }
}

function withoutDefault(
  metadata: RegisteredMetadata,
): Pick<Client, 'uri' | 'backchannelLogoutUri' | 'defaultMaxAge'> {
  const {
    client_uri: uri,
    backchannel_logout_uri: backchannelLogoutUri,
    default_max_age: defaultMaxAge,
  } = metadata
  return {
    ...(uri !== undefined && { uri }),
    ...(backchannelLogoutUri !== undefined && { backchannelLogoutUri }),
    ...(defaultMaxAge !== undefined && { defaultMaxAge }),
  }
}

function authenticationOf(metadata: RegisteredMetadata): ClientAuthentication {
  const method = authenticationMethod(metadata)
  const [name] = certificateNames(metadata)
  if (method === 'tls_client_auth' && name !== undefined) return { method, name }
  if (method === 'self_signed_tls_client_auth') return { method }
  const { token_endpoint_auth_signing_alg: algorithm } = metadata
  return { method: 'private_key_jwt', ...(algorithm !== undefined && { algorithm }) }
}

function messagesOf(
  metadata: RegisteredMetadata,
  service: Service,
): Pick<
  Client,
  | 'requestObject'
  | 'responseModes'
  | 'authorizationResponse'
  | 'idToken'
  | 'userinfo'
  | 'introspectionResponse'
> {
  const { request_object_signing_alg: algorithm, userinfo_signed_response_alg: userinfo } = metadata
  const answer = (
    signed: Algorithm | undefined,
    name: (typeof ENCRYPTED)[number],
  ): SignedAnswer => ({
    algorithm: signed ?? preferred(service),
    ...encryptionOf(metadata, name),
  })
  return {
    requestObject: {
      required: mustSignRequests({ metadata, service }),
      ...(algorithm !== undefined && { algorithm }),
      ...encryptionOf(metadata, 'request_object_encryption'),
    },
    responseModes: new Set(responseModesOf({ metadata, service })),
    authorizationResponse: answer(
      metadata.authorization_signed_response_alg,
      'authorization_encrypted_response',
    ),
    idToken: answer(metadata.id_token_signed_response_alg, 'id_token_encrypted_response'),
    introspectionResponse: answer(
      metadata.introspection_signed_response_alg,
      'introspection_encrypted_response',
    ),
    ...(userinfo !== undefined && { userinfo: answer(userinfo, 'userinfo_encrypted_response') }),
  }
}

/** The default of `enc`. @see OpenID Connect Dynamic Client Registration §2, JARM §3 */
const ENC: ContentEncryption = 'A128CBC-HS256'

function encryptionOf(
  metadata: RegisteredMetadata,
  name: (typeof ENCRYPTED)[number],
): { readonly encryption?: Encryption } {
  const { [`${name}_alg` as const]: alg, [`${name}_enc` as const]: enc = ENC } = metadata
  return alg === undefined ? {} : { encryption: { alg, enc } }
}

function preferred({ signingAlgorithms: [first] }: Service): Algorithm {
  if (first === undefined) throw new Error('A service has at least one signing algorithm.')
  return first
}
