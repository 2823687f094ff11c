import { words, type AcceptedParameters } from '../authorization-parameters.ts'
import type { Service } from '../config.ts'
import type { Consent } from '../store/durable.ts'
import { CLAIMS_OF, OURS } from '../tokens/claims.ts'
import { parseClaimsRequest } from '../tokens/claims-request.ts'

/** What a user allows: these scopes, at these resources. */
export type Access = Pick<Consent, 'scopes' | 'resources'>

/**
 * What a request asks for. A claim of the user that it asks for by `claims` counts as the scope that brings it, or else as a
 * scope `claim:<name>`, so that nothing reaches a client by one way that it would have to be allowed on the other.
 */
export function accessAsked(
  { scope, resource = [], claims }: AcceptedParameters,
  service: Service,
): Access {
  const scopes = words(scope)
  return {
    scopes: claims === undefined ? scopes : [...new Set([...scopes, ...scopesOfClaims(claims)])],
    resources: named(resource, service),
  }
}

/** What a user allowed a client before. */
export function accessAllowed(consent: Consent | undefined, service: Service): Access | undefined {
  return consent && { scopes: consent.scopes, resources: named(consent.resources, service) }
}

/** Whether all that is asked was allowed before; somebody who was never asked has allowed nothing, not even nothing. */
export function covers(allowed: Access | undefined, asked: Access): boolean {
  return (
    allowed !== undefined &&
    includesAll(allowed.scopes, asked.scopes) &&
    includesAll(allowed.resources, asked.resources)
  )
}

/**
 * What is remembered when more is allowed than before: both together.
 *
 * Scopes and resources are remembered apart, so together they could allow what no page has shown: to read at A and to write
 * at B is not to write at A. Where that would happen, only the latest is remembered and the rest will be asked again.
 */
export function together(before: Access | undefined, now: Access): Access {
  if (before === undefined) return now
  if (covers(before, now)) return before
  if (!same(before.scopes, now.scopes) && !same(before.resources, now.resources)) return now
  return {
    scopes: [...new Set([...before.scopes, ...now.scopes])],
    resources: [...new Set([...before.resources, ...now.resources])],
  }
}

/** No resource stands for the default one; by its name it can be told from others. */
function named(resources: readonly string[], { defaultResource }: Service): readonly string[] {
  return resources.length === 0 ? [defaultResource] : resources
}

function scopesOfClaims(claims: string): readonly string[] {
  const request = parseClaimsRequest(claims)
  if (request === undefined) return []
  const names = [...request.userinfo.keys(), ...request.idToken.keys()]
  return names.filter((name) => !OURS.has(name)).map(scopeOfClaim)
}

function scopeOfClaim(claim: string): string {
  for (const [scope, claims] of CLAIMS_OF) if (claims.includes(claim)) return scope
  return `claim:${encodeURIComponent(claim)}`
}

function same(some: readonly string[], others: readonly string[]): boolean {
  return includesAll(some, others) && includesAll(others, some)
}

function includesAll(all: readonly string[], some: readonly string[]): boolean {
  return some.every((one) => all.includes(one))
}
