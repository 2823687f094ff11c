import { X509Certificate } from 'node:crypto'
import { stringify } from 'yaml'
import type { Config, Listen, ServiceConfig } from './config.ts'

const REDACTED = '[redacted]'

const SECRET: ReadonlySet<string> = new Set([
  'password_hash',
  'd',
  'p',
  'q',
  'dp',
  'dq',
  'qi',
  'oth',
  'k',
])

/** The effective configuration in the shape of the file, as YAML: defaults and environment applied, secrets left out. */
export function printConfig(config: Config): string {
  const { listen, management, store, log, outgoing, keys, audit, drain, services } = config
  const [first, ...more] = services.map(serviceFile)
  const file = {
    ...(more.length === 0 ? first : undefined),
    listen: listenFile(listen),
    management,
    store,
    log,
    outgoing: {
      allow_private_hosts: outgoing.allowPrivateHosts,
      trusted_cas: outgoing.trustedCas.map(described),
    },
    keys,
    audit,
    drain,
    services: more.length === 0 ? undefined : [first, ...more],
  }
  return stringify(redacted(file), { aliasDuplicateObjects: false })
}

function serviceFile({ service, clients, users }: ServiceConfig): object {
  const { issuer, name, lifetimes, dpop, statusList, scopes, resources } = service
  return {
    issuer,
    name,
    profile: 'fapi2-security',
    lifetimes: {
      pushed_request: lifetimes.pushedRequest,
      interaction: lifetimes.interaction,
      code: lifetimes.code,
      access_token: lifetimes.accessToken,
      refresh_token: lifetimes.refreshToken,
      id_token: lifetimes.idToken,
      session: lifetimes.session,
    },
    dpop,
    status_list: statusList,
    signing_algorithms: service.signingAlgorithms,
    scopes,
    resources: resources.map((resource) => ({
      resource: resource.identifier,
      scopes: resource.scopes,
      introspection_clients: resource.introspectionClients,
    })),
    default_resource: service.defaultResource,
    clients,
    users,
  }
}

function listenFile({ host, port, tls }: Listen): object {
  return {
    host,
    port,
    tls: tls && { certificate: described(tls.certificate), key: REDACTED },
  }
}

/** Which certificate it is, and how long it is good. */
function described(pem: string): string {
  try {
    const { subject, validTo } = new X509Certificate(pem)
    return `${subject.replaceAll('\n', ', ')}, until ${validTo}`
  } catch {
    return 'no certificate'
  }
}

function redacted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redacted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      SECRET.has(name) ? REDACTED : redacted(member),
    ]),
  )
}
