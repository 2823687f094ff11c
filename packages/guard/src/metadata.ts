import type { Algorithm } from '@signet/protocol'
import { algorithmsOf } from './challenge.ts'
import type { GuardOptions } from './options.ts'
import { issuersOf } from './options.rules.ts'

type Texts = readonly string[]

/** What an API says about itself. @see RFC 9728 §2 */
export interface ProtectedResourceMetadata {
  readonly resource: string
  readonly authorization_servers: Texts
  readonly bearer_methods_supported: readonly ['header']
  readonly scopes_supported?: Texts
  readonly resource_name?: string
  readonly resource_documentation?: string
  readonly authorization_details_types_supported?: Texts
  readonly dpop_signing_alg_values_supported?: readonly Algorithm[]
  readonly dpop_bound_access_tokens_required?: boolean
  readonly tls_client_certificate_bound_access_tokens?: boolean
  /** The keys that answers are signed with. */
  readonly jwks_uri?: string
  readonly resource_signing_alg_values_supported?: readonly Algorithm[]
}

/** Derived from the options the checks are made with, so that it says what is enforced. */
export function metadataOf(options: GuardOptions): ProtectedResourceMetadata {
  const { senderConstraint = 'dpop', scopesSupported, authorizationDetailsTypes } = options
  const { resourceName, resourceDocumentation } = options
  return {
    resource: options.resource,
    authorization_servers: issuersOf(options).map(({ issuer }) => issuer),
    bearer_methods_supported: ['header'],
    ...(scopesSupported && { scopes_supported: scopesSupported }),
    ...(resourceName !== undefined && { resource_name: resourceName }),
    ...(resourceDocumentation !== undefined && { resource_documentation: resourceDocumentation }),
    ...(authorizationDetailsTypes && {
      authorization_details_types_supported: authorizationDetailsTypes,
    }),
    ...(senderConstraint !== 'mtls' && {
      dpop_signing_alg_values_supported: algorithmsOf(options.algorithms),
    }),
    ...(senderConstraint === 'dpop' && { dpop_bound_access_tokens_required: true }),
    ...(senderConstraint !== 'dpop' && { tls_client_certificate_bound_access_tokens: true }),
    ...signingMetadata(options),
  }
}

function signingMetadata({
  jwksUri,
  responseKey,
}: GuardOptions): Pick<
  ProtectedResourceMetadata,
  'jwks_uri' | 'resource_signing_alg_values_supported'
> {
  return {
    ...(jwksUri !== undefined && { jwks_uri: jwksUri }),
    ...(responseKey && { resource_signing_alg_values_supported: [responseKey.algorithm] }),
  }
}

/** Where the document is: the well-known part goes between host and path. @see RFC 9728 §3.1 */
export function metadataUrlOf(resource: string): string {
  const { origin, pathname, search } = new URL(resource)
  const path = pathname === '/' ? '' : pathname
  return `${origin}/.well-known/oauth-protected-resource${path}${search}`
}
