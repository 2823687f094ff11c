import {
  ALGORITHMS,
  isKeyManagement,
  readAuthorities,
  UnusableCertificate,
  type RequirementId,
} from '@signet/protocol'
import type { Lifetimes, Service } from './config.ts'
import { isResponseMode } from './response-modes.ts'
import { isOpenIdScope } from './scopes.ts'

/** A limit of the profile: configuration may be tighter, never looser (SP-PROF-01). */
export interface Ceiling {
  readonly id: RequirementId
  /** Where in the configuration. */
  readonly setting: string
  readonly says: string
  readonly holds: (service: Service) => boolean
  readonly found: (service: Service) => string
}

/** A scope token of RFC 6749 §3.3. */
const SCOPE = /^[\x21\x23-\x5B\x5D-\x7E]+$/

const DAY = 86_400

/** The profile `fapi2-security` as limits. Read beside FAPI 2.0 §5.3.2 and §5.4. */
export const ceilings: readonly Ceiling[] = [
  {
    id: 'META-01',
    setting: 'issuer',
    says: 'an https URL without query, fragment, user or trailing dots, written canonically',
    holds: ({ issuer }) => isIssuer(issuer),
    found: ({ issuer }) => issuer,
  },
  lifetime('SP-AZ-12', 'pushedRequest', { least: 5, most: 599 }),
  lifetime('SP-AS-11', 'code', { least: 1, most: 60 }),
  lifetime('SP-SEC-01', 'accessToken', { least: 1, most: 3_600 }),
  lifetime('BCP-16', 'refreshToken', { least: 60, most: 400 * DAY }),
  lifetime('OIDC-01', 'idToken', { least: 60, most: DAY }),
  lifetime('SP-AZ-15', 'interaction', { least: 60, most: 3_600 }),
  lifetime('AM-X1', 'session', { least: 60, most: 30 * DAY }),
  {
    id: 'REV-03',
    setting: 'status_list.ttl',
    says: 'a whole number of seconds from 1 to 300',
    holds: ({ statusList: { ttl } }) => Number.isInteger(ttl) && ttl >= 1 && ttl <= 300,
    found: ({ statusList: { ttl } }) => String(ttl),
  },
  {
    id: 'SP-CR-02',
    setting: 'signing_algorithms',
    says: 'tokens are signed with PS256, ES256 or EdDSA (Ed25519), and with at least one of them',
    holds: ({ signingAlgorithms }) =>
      signingAlgorithms.length > 0 && signingAlgorithms.every((name) => ALGORITHMS.includes(name)),
    found: ({ signingAlgorithms }) => signingAlgorithms.join(' ') || 'none',
  },
  {
    id: 'SP-AS-14',
    setting: 'scopes',
    says: 'a scope is named in printable ASCII without spaces, quotes and backslashes, and is none of OpenID Connect',
    holds: ({ scopes }) =>
      Object.keys(scopes).every((name) => SCOPE.test(name) && !isOpenIdScope(name)),
    found: ({ scopes }) =>
      Object.keys(scopes)
        .filter((name) => !SCOPE.test(name) || isOpenIdScope(name))
        .join(', '),
  },
  {
    id: 'RES-01',
    setting: 'resources',
    says: 'a resource is an absolute URI without fragment, listed once',
    holds: ({ resources }) =>
      resources.every(({ identifier }) => isResource(identifier)) &&
      new Set(resources.map(({ identifier }) => identifier)).size === resources.length,
    found: ({ resources }) => resources.map(({ identifier }) => identifier).join(' '),
  },
  {
    id: 'JAT-04',
    setting: 'default_resource',
    says: 'the default resource is one of the resources, or the issuer',
    holds: ({ issuer, resources, defaultResource }) =>
      defaultResource === issuer ||
      resources.some(({ identifier }) => identifier === defaultResource),
    found: ({ defaultResource }) => defaultResource,
  },
  {
    id: 'MTLS-08',
    setting: 'mtls.origin',
    says: 'an https origin other than that of the issuer: browsers must not be asked for certificates',
    holds: isAlias,
    found: ({ mtls }) => mtls?.endpoints.token ?? 'none',
  },
  {
    id: 'MTLS-12',
    setting: 'mtls.trusted_cas',
    says: 'authorities are certificates that can be read',
    holds: ({ mtls }) => unreadableAuthority(mtls) === undefined,
    found: ({ mtls }) => unreadableAuthority(mtls) ?? 'none',
  },
  {
    id: 'MS-JARM-01',
    setting: 'profile',
    says: 'there is a response mode, and only such as exist',
    holds: ({ responseModes }) => responseModes.length > 0 && responseModes.every(isResponseMode),
    found: ({ responseModes }) => responseModes.join(' ') || 'none',
  },
  {
    id: 'JAR-09',
    setting: 'request_object_encryption',
    says: 'request objects are encrypted by RSA-OAEP-256 or ECDH-ES, if at all',
    holds: ({ requestObjectEncryption }) => requestObjectEncryption.every(isKeyManagement),
    found: ({ requestObjectEncryption }) => requestObjectEncryption.join(' '),
  },
]

function unreadableAuthority(mtls: Service['mtls']): string | undefined {
  try {
    readAuthorities(mtls?.trustedAuthorities ?? [])
    return undefined
  } catch (error) {
    if (error instanceof UnusableCertificate) return error.message
    throw error
  }
}

function isAlias({ issuer, mtls }: Service): boolean {
  if (mtls === undefined) return true
  const { token } = mtls.endpoints
  return isIssuer(token) && new URL(token).origin !== new URL(issuer).origin
}

function lifetime(
  id: RequirementId,
  name: keyof Lifetimes,
  { least, most }: { readonly least: number; readonly most: number },
): Ceiling {
  const setting = `lifetimes.${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`
  return {
    id,
    setting,
    says: `a whole number of seconds from ${least} to ${most}`,
    holds: ({ lifetimes }) =>
      Number.isInteger(lifetimes[name]) && lifetimes[name] >= least && lifetimes[name] <= most,
    found: ({ lifetimes }) => String(lifetimes[name]),
  }
}

function isIssuer(issuer: string): boolean {
  if (!URL.canParse(issuer)) return false
  const { protocol, hostname, search, hash, username, password, href } = new URL(issuer)
  const canonical = href === issuer || href === `${issuer}/`
  return (
    protocol === 'https:' &&
    canonical &&
    !hostname.endsWith('.') &&
    !/[?#]/.test(issuer) &&
    search + hash + username + password === ''
  )
}

function isResource(identifier: string): boolean {
  return /^[\x21-\x7E]+$/.test(identifier) && URL.canParse(identifier) && !identifier.includes('#')
}

/** A configuration that would break the profile it claims. */
export class Misconfigured extends Error {
  readonly breaches: readonly string[]

  constructor(breaches: readonly string[]) {
    super(
      `The configuration breaks its profile:\n${breaches.map((line) => `  - ${line}`).join('\n')}`,
    )
    this.name = 'Misconfigured'
    this.breaches = breaches
  }
}

/** Every breach of a service at once, as lines to show. */
export function breachesOf(service: Service): readonly string[] {
  return ceilings
    .filter((ceiling) => !ceiling.holds(service))
    .map(({ id, setting, says, found }) => `${setting}: ${says} (${id}); found ${found(service)}`)
}

/** @throws Misconfigured unless the service keeps to its profile. */
export function assertSound(service: Service): void {
  const breaches = breachesOf(service)
  if (breaches.length > 0) throw new Misconfigured(breaches)
}
