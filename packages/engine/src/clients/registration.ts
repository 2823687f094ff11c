import { breaches, type Algorithm, type Refused } from '@signet/protocol'
import { words } from '../authorization-parameters.ts'
import type { Service } from '../config.ts'
import { isGrantType, type Client } from './client.ts'
import { grantTypes, registrationRules } from './registration.rules.ts'

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

/**
 * A client from its metadata. Defaults that the profile forbids are replaced: `private_key_jwt` for
 * `client_secret_basic`, the service's own algorithm for RS256 (DCR-04).
 *
 * @throws InvalidClient listing all that is wrong.
 * @see {@link https://www.rfc-editor.org/rfc/rfc7591.html#section-2 RFC 7591 §2}
 */
export function clientFromMetadata(
  metadata: Readonly<Record<string, unknown>>,
  service: Service,
): Client {
  const { client_id } = metadata
  const id = typeof client_id === 'string' ? client_id : 'without client_id'
  const refusals = breaches(registrationRules, { metadata, service })
  if (refusals.length > 0) throw new InvalidClient(id, refusals)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the rules above have checked every member
  return registered(metadata as unknown as RegisteredMetadata, service)
}

/** What the rules guarantee. */
interface RegisteredMetadata {
  readonly client_id: string
  readonly client_name?: string
  readonly client_uri?: string
  readonly redirect_uris?: readonly string[]
  readonly post_logout_redirect_uris?: readonly string[]
  readonly backchannel_logout_uri?: string
  readonly token_endpoint_auth_signing_alg?: Algorithm
  readonly jwks?: unknown
  readonly jwks_uri?: string
  readonly scope?: string
  readonly id_token_signed_response_alg?: Algorithm
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
    grantTypes: new Set(grantTypes({ ...metadata }).filter(isGrantType)),
    scopes: new Set(words(metadata.scope)),
    keys: jwksUri === undefined ? { jwks: metadata.jwks } : { jwksUri },
    accessTokenFormat: metadata.access_token_format ?? 'jwt',
    idTokenAlgorithm: metadata.id_token_signed_response_alg ?? preferred(service),
    requireAuthTime: metadata.require_auth_time ?? false,
    defaultAcrValues: metadata.default_acr_values ?? [],
  }
}

function withoutDefault(
  metadata: RegisteredMetadata,
): Pick<
  Client,
  'uri' | 'backchannelLogoutUri' | 'assertionAlgorithm' | 'userinfoAlgorithm' | 'defaultMaxAge'
> {
  const {
    client_uri: uri,
    backchannel_logout_uri: backchannelLogoutUri,
    token_endpoint_auth_signing_alg: assertionAlgorithm,
    userinfo_signed_response_alg: userinfoAlgorithm,
    default_max_age: defaultMaxAge,
  } = metadata
  return {
    ...(uri !== undefined && { uri }),
    ...(backchannelLogoutUri !== undefined && { backchannelLogoutUri }),
    ...(assertionAlgorithm !== undefined && { assertionAlgorithm }),
    ...(userinfoAlgorithm !== undefined && { userinfoAlgorithm }),
    ...(defaultMaxAge !== undefined && { defaultMaxAge }),
  }
}

function preferred({ signingAlgorithms: [first] }: Service): Algorithm {
  if (first === undefined) throw new Error('A service has at least one signing algorithm.')
  return first
}
