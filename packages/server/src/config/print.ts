import { PROFILES, TERMS, type Profile, type Service } from '@signet/engine'
import { sealKeyName } from '@signet/protocol'
import { X509Certificate } from 'node:crypto'
import { Document, isScalar, visit } from 'yaml'
import { withoutPassword } from './addresses.ts'
import type { Config, Listen, MutualTlsListen, ServiceConfig, StoreConfig } from './config.ts'

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
  const { listen, mtls, proxies, management, store, log, outgoing, services } = config
  const { keys, masterKeys, audit, drain } = config
  const several = services.length > 1
  const file = {
    ...(several ? undefined : services.map(serviceFile)[0]),
    listen: listenFile(listen),
    mtls: mtls && mutualTlsFile(mtls),
    proxies: proxies.trusted.length === 0 ? undefined : proxiesFile(proxies),
    management,
    store: storeFile(store),
    log,
    outgoing: {
      allow_private_hosts: outgoing.allowPrivateHosts,
      trusted_cas: outgoing.trustedCas.map(described),
    },
    keys: {
      announce: keys.announce,
      retire: keys.retire,
      rotate_every: keys.rotateEvery ?? 0,
      rotate_nonces_every: keys.rotateNoncesEvery ?? 0,
    },
    master_key: masterKeys && `(set: ${masterKeys.map((key) => sealKeyName(key)).join(', ')})`,
    audit,
    drain,
    services: several
      ? services.map((each) => ({ ...serviceFile(each), mtls_origin: mutualTlsOrigin(each) }))
      : undefined,
  }
  const document = new Document(redacted(file), { aliasDuplicateObjects: false })
  sayWhatProfilesMean(document)
  return document.toString()
}

/** A profile is a word; what it turns on stands behind it. */
function sayWhatProfilesMean(document: Document): void {
  visit(document, {
    Pair: (_, { key, value }) => {
      if (!isScalar(key) || key.value !== 'profile' || !isScalar(value)) return
      const profile = PROFILES.find((known) => known === value.value)
      if (profile !== undefined) value.comment = ` ${meaningOf(profile)}`
    },
  })
}

function meaningOf(profile: Profile): string {
  const { requireSignedRequests, responseModes } = TERMS[profile]
  const requests = requireSignedRequests ? 'signed requests only' : 'requests signed or not'
  return `${requests}; responses as ${responseModes.join(', ')}`
}

/** The profile whose terms a service has. */
function profileOf({ requireSignedRequests, responseModes }: Service): Profile | undefined {
  return PROFILES.find(
    (profile) =>
      TERMS[profile].requireSignedRequests === requireSignedRequests &&
      TERMS[profile].responseModes.join(' ') === responseModes.join(' '),
  )
}

function mutualTlsOrigin({ service: { mtls } }: ServiceConfig): string | undefined {
  return mtls && new URL(mtls.endpoints.token).origin
}

function mutualTlsFile({ origin, listen, trustedCas }: MutualTlsListen): object {
  return { origin, listen: listenFile(listen), trusted_cas: trustedCas.map(described) }
}

function proxiesFile({ trusted, clientCertificateHeader }: Config['proxies']): object {
  return { trusted, client_certificate_header: clientCertificateHeader }
}

function storeFile(store: StoreConfig): object {
  const { redis } = store
  const postgres = 'postgres' in store ? store.postgres : undefined
  return {
    sqlite: 'sqlite' in store ? store.sqlite : undefined,
    postgres: postgres && withoutPassword(postgres.url),
    redis: redis && withoutPassword(redis.url),
    connections: postgres?.connections,
    prepared_statements: postgres?.preparedStatements,
    trusted_cas: (postgres ?? redis)?.trustedCas?.map(described),
  }
}

function serviceFile({ service, clients, users }: ServiceConfig): object {
  const { issuer, name, lifetimes, dpop, statusList, scopes, resources } = service
  return {
    issuer,
    name,
    profile: profileOf(service),
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
    request_object_encryption: service.requestObjectEncryption,
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
