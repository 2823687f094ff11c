import type { ServerMetadata } from 'openid-client'
import type { SenderConstraint } from '../config/options.ts'
import { AuthorityFailure } from './failure.ts'

/** What is expected of the metadata of an authorization server. */
export interface Expected {
  readonly issuer: string
  readonly senderConstraint: SenderConstraint
  readonly usesMutualTls: boolean
}

const REQUIRED = [
  'authorization_endpoint',
  'token_endpoint',
  'pushed_authorization_request_endpoint',
  'jwks_uri',
] as const

/** The endpoints this client calls as the client it is. */
const CALLED = [
  'pushed_authorization_request_endpoint',
  'token_endpoint',
  'userinfo_endpoint',
  'revocation_endpoint',
] as const

/**
 * @throws AuthorityFailure
 * @see FAPI 2.0 Security Profile §5.3.3.1-11, where the issuers are compared character by character
 */
export function checkMetadata(metadata: ServerMetadata, expected: Expected): void {
  if (metadata.issuer !== expected.issuer) fail('the metadata is that of another issuer')
  const required = REQUIRED.map((name) => [name, metadata[name]] as const)
  for (const [name, url] of [...required, ...calledEndpoints(metadata, expected.usesMutualTls)]) {
    if (URL.parse(url ?? '')?.protocol !== 'https:') fail(`${name} is no https URL`)
  }
  // Such tokens look like any other: whether they are bound, only this tells.
  const bindsToCertificates = metadata.tls_client_certificate_bound_access_tokens === true
  if (expected.senderConstraint === 'mtls' && !bindsToCertificates) {
    fail('the server binds no access tokens to certificates')
  }
}

/**
 * Where the client is asked who it is: at the aliases of endpoints that ask for a certificate, and at the endpoints themselves
 * where the server has no alias.
 *
 * @see RFC 8705 §5
 */
function calledEndpoints(
  metadata: ServerMetadata,
  usesMutualTls: boolean,
): readonly (readonly [name: string, url: string])[] {
  const aliases = usesMutualTls ? metadata.mtls_endpoint_aliases : undefined
  return CALLED.flatMap((name): readonly (readonly [string, string])[] => {
    const [alias, url] = [aliases?.[name], metadata[name]]
    if (alias !== undefined) return [[`mtls_endpoint_aliases.${name}`, alias]]
    return url === undefined ? [] : [[name, url]]
  })
}

function fail(message: string): never {
  throw new AuthorityFailure('invalid', `discovery: ${message}`)
}
