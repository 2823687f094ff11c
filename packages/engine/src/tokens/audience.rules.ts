import { refusal, type Rules } from '@signet/protocol'
import type { Service } from '../config.ts'
import { isOpenIdScope } from '../scopes.ts'
import { allowed, audienceOf, knownResource, scopesOf, takes, type Target } from './audience.ts'

/** What the audience of an access token must respect. Read beside RFC 8707 §2.2 and RFC 9068 §3. */
export const targetRules: Rules<Target, Target> = [
  {
    id: 'RES-01',
    reason: 'resource_unknown',
    says: 'gives tokens only for resources it knows',
    holds: (target) => audienceOf(target).every((value) => knownResource(target.service, value)),
    otherwise: refusal('invalid_target', 'a requested resource is unknown or malformed'),
    expected: ({ service }) => `resources among: ${allOf(service).join(' ')}`,
    received: (target) => audienceOf(target).join(' '),
    remedy: 'Name an API listed under resources in the configuration, character by character.',
  },
  {
    id: 'RES-02',
    reason: 'resource_not_authorized',
    says: 'gives tokens only for resources that were authorized',
    holds: ({ service, requested, authorized }) =>
      authorized === undefined ||
      requested.every(
        (value) => !knownResource(service, value) || allowed(service, authorized).includes(value),
      ),
    otherwise: refusal('invalid_target', 'a requested resource was not authorized'),
    expected: ({ service, authorized }) =>
      `resources among: ${allowed(service, authorized ?? []).join(' ')}`,
    received: ({ requested }) => requested.join(' '),
    remedy: 'Name the resource in the pushed authorization request too.',
  },
  {
    id: 'JAT-04',
    reason: 'scope_ambiguous',
    says: 'puts several resources into one token only where every scope means the same at each',
    holds: (target) => {
      const audience = audienceOf(target)
      return target.scopes.every((scope) => takenByAllOrNone(target.service, audience, scope))
    },
    otherwise: refusal('invalid_target', 'name one resource for each token'),
    expected: () => 'one resource, or several that take the same scopes',
    received: (target) => `${audienceOf(target).join(' ')} for scope ${target.scopes.join(' ')}`,
    remedy: 'Ask for a token for each resource, with the resource parameter.',
  },
  {
    id: 'RES-03',
    reason: 'scope_not_of_resource',
    says: 'gives no token that is worth nothing at its audience',
    holds: (target) =>
      target.scopes.length === 0 ||
      target.scopes.some(
        (scope) =>
          isOpenIdScope(scope) ||
          audienceOf(target).some((value) => takes(target.service, value, scope)),
      ),
    otherwise: refusal('invalid_scope', 'none of the scopes is for the requested resource'),
    expected: (target) =>
      audienceOf(target)
        .map(
          (value) => `${value} takes ${scopesOf(target.service, value)?.join(' ') ?? 'any scope'}`,
        )
        .join('; '),
    received: ({ scopes }) => `scope ${scopes.join(' ')}`,
    remedy:
      'Ask for a scope of the resource, or add the scope to the resource in the configuration.',
  },
]

function takenByAllOrNone(service: Service, audience: readonly string[], scope: string): boolean {
  if (audience.length < 2 || isOpenIdScope(scope)) return true
  const taking = audience.filter((value) => takes(service, value, scope)).length
  return taking === 0 || taking === audience.length
}

function allOf(service: Service): readonly string[] {
  return [...new Set([service.defaultResource, ...service.resources.map((one) => one.identifier)])]
}
