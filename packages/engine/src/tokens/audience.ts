import type { Client } from '../clients/client.ts'
import type { Service } from '../config.ts'
import { isOpenIdScope } from '../scopes.ts'

/**
 * Whether a `resource` parameter names something tokens can be for. It is compared character by character with the
 * configured identifiers, which are absolute URIs without fragment: whatever is malformed is unknown.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8707.html#section-2 RFC 8707 §2}
 */
export function knownResource(service: Service, value: string): boolean {
  return (
    value === service.defaultResource ||
    service.resources.some(({ identifier }) => identifier === value)
  )
}

/** What a token request asks to be let in where. */
export interface Target {
  readonly service: Service
  /** The resources the request names; empty: none. */
  readonly requested: readonly string[]
  /** Those the user allowed; empty: the service's default. Undefined when no user took part. */
  readonly authorized: readonly string[] | undefined
  /** The scopes that were granted. */
  readonly scopes: readonly string[]
}

/** The resources a token is for: those named, or all that were authorized, or the service's default. */
export function audienceOf({ service, requested, authorized }: Target): readonly string[] {
  return requested.length > 0 ? requested : allowed(service, authorized ?? [])
}

/**
 * The scopes a token carries: of those granted the ones the client may still have and its audience takes. The scopes of
 * OpenID Connect stay, because userinfo takes every token of ours.
 */
export function scopesOfToken(client: Client, target: Target): readonly string[] {
  const audience = audienceOf(target)
  return target.scopes.filter(
    (scope) =>
      client.scopes.has(scope) &&
      (isOpenIdScope(scope) || audience.some((value) => takes(target.service, value, scope))),
  )
}

/** The scopes among these that are the business of a resource (RFC 7662 §4). */
export function scopesOfResource(
  service: Service,
  resource: string,
  scopes: readonly string[],
): readonly string[] {
  return scopes.filter((scope) => takes(service, resource, scope))
}

/** The resources a client may name later: those the user allowed, or the service's default. */
export function allowed(service: Service, authorized: readonly string[]): readonly string[] {
  return authorized.length > 0 ? authorized : [service.defaultResource]
}

/** Whether a resource takes tokens with a scope. */
export function takes(service: Service, resource: string, scope: string): boolean {
  return scopesOf(service, resource)?.includes(scope) ?? true
}

/** The scopes a resource takes; undefined: any. */
export function scopesOf(service: Service, resource: string): readonly string[] | undefined {
  return service.resources.find(({ identifier }) => identifier === resource)?.scopes
}
