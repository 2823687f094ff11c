import {
  breachesOf,
  clientFromMetadata,
  endpointsOf,
  InvalidClient,
  UNAUTHENTICATED_KEPT,
  TERMS,
  type Lifetimes,
  type Service,
} from '@signet/engine'
import { parsePasswordHash } from '../login/password-hash.ts'
import type { Config, ServiceConfig } from './config.ts'
import { over, withoutUndefined } from './defaults.ts'
import type { Environment } from './environment.ts'
import type { ConfigFile, LifetimesFile, ServiceFile } from './file.ts'
import { readPem } from './files.ts'
import { SERVER_FILE } from './format.ts'
import { listenOn, listenProblems } from './listen.ts'
import { readMasterKeys } from './master-key.ts'
import { mutualTlsListen, mutualTlsOf, mutualTlsProblems } from './mutual-tls.ts'
import { InvalidConfig } from './problems.ts'
import { readConfig } from './read.ts'
import { choiceProblem, placeProblems, placesOf } from './store.ts'

const DAY = 86_400

/**
 * Reads a configuration file (YAML or JSON) with the environment over it, and checks everything that can be checked
 * without starting.
 *
 * @throws InvalidConfig listing every problem.
 */
export function loadConfig(path: string, environment: Environment): Config {
  return resolveConfig(readConfig({ path, environment }, SERVER_FILE, shapeProblems), path)
}

/** The two forms: one issuer at the top, or several below `services`; never both. */
function shapeProblems(file: ConfigFile): readonly string[] {
  const own = SERVICE_KEYS.filter((key) => file[key] !== undefined)
  if (file.services === undefined) {
    return file.issuer === undefined ? ['issuer: required (or services, for several)'] : []
  }
  return own.map((key) => `${key}: belongs into an entry of services when there are services`)
}

const SERVICE_KEYS = [
  'issuer',
  'name',
  'profile',
  'lifetimes',
  'dpop',
  'status_list',
  'signing_algorithms',
  'request_object_encryption',
  'clients',
  'scopes',
  'resources',
  'default_resource',
  'users',
] as const satisfies readonly (keyof ServiceFile)[]

function resolveConfig(file: ConfigFile, path: string): Config {
  const { listen, management, log, master_key, audit } = file
  const mtls = mutualTlsListen(file, path)
  const services = servicesOf(file).map((each) => serviceConfig(each, mtls))
  const problems = [
    ...serviceProblems(services),
    ...listenProblems(listen),
    ...mutualTlsProblems(file, services),
    ...choiceProblem(file.store, ['sqlite', 'postgres']),
    ...placeProblems(file.store),
  ]
  if (problems.length > 0) throw new InvalidConfig(path, problems)
  return {
    listen: listenOn(listen, { path, setting: 'listen' }),
    ...mtls,
    proxies: proxiesOf(file),
    ...(management && { management: over({ host: '127.0.0.1', port: 0 }, management) }),
    store: storeOf(file, path),
    log: over<Config['log']>({ level: 'info' }, log),
    outgoing: outgoingOf(file, path),
    keys: keysOf(file),
    ...(master_key !== undefined && { masterKeys: readMasterKeys(master_key, path) }),
    audit: over({ retention: 30 * DAY, unauthenticated: UNAUTHENTICATED_KEPT }, audit),
    drain: file.drain ?? 10,
    services,
  }
}

/** A key that is changed by routine is one that can be changed in need. */
function keysOf({ keys = {} }: ConfigFile): Config['keys'] {
  const { rotate_every = 90 * DAY, rotate_nonces_every = 30 * DAY, ...rest } = keys
  return {
    ...over({ announce: 600, retire: DAY }, rest),
    ...(rotate_every > 0 && { rotateEvery: rotate_every }),
    ...(rotate_nonces_every > 0 && { rotateNoncesEvery: rotate_nonces_every }),
  }
}

function storeOf({ store }: ConfigFile, path: string): Config['store'] {
  const { sqlite = '', postgres, redis } = placesOf(store, path)
  return {
    ...(postgres === undefined ? { sqlite } : { postgres }),
    ...(redis && { redis }),
  }
}

function outgoingOf({ outgoing }: ConfigFile, path: string): Config['outgoing'] {
  const certificates = outgoing?.trusted_cas ?? []
  return {
    allowPrivateHosts: outgoing?.allow_private_hosts ?? [],
    trustedCas: certificates.map((name) =>
      readPem(name, { path, setting: 'outgoing.trusted_cas' }),
    ),
  }
}

function proxiesOf({ proxies }: ConfigFile): Config['proxies'] {
  const clientCertificateHeader = proxies?.client_certificate_header
  return {
    trusted: proxies?.trusted ?? [],
    ...(clientCertificateHeader !== undefined && { clientCertificateHeader }),
  }
}

function servicesOf(file: ConfigFile): readonly ServiceFile[] {
  if (file.services !== undefined) return file.services
  const { issuer = '' } = file
  const own = Object.fromEntries(SERVICE_KEYS.map((key) => [key, file[key]]))
  return [{ ...own, issuer }]
}

function serviceConfig(file: ServiceFile, mtls: Pick<Config, 'mtls'>): ServiceConfig {
  const { issuer, name = 'Signet', profile = 'fapi2-security', clients = [], users = [] } = file
  const resources = resourcesOf(file)
  const service: Service = {
    issuer,
    name,
    endpoints: endpointsOf(issuer),
    lifetimes: lifetimesOf(file.lifetimes),
    dpop: over<Service['dpop']>({ nonce: 'off' }, file.dpop),
    statusList: over<Service['statusList']>({ enabled: true, ttl: 3 }, file.status_list),
    scopes: described(file.scopes),
    resources,
    defaultResource: file.default_resource ?? resources[0]?.identifier ?? issuer,
    signingAlgorithms: file.signing_algorithms ?? ['ES256', 'PS256', 'EdDSA'],
    ...TERMS[profile],
    requestObjectEncryption: [...new Set(file.request_object_encryption)],
    ...mutualTlsOf(file, mtls),
  }
  return { service, clients, users: users.map(withoutUndefined) }
}

function resourcesOf({ resources = [] }: ServiceFile): Service['resources'] {
  return resources.map(({ resource, scopes, introspection_clients }) => ({
    identifier: resource,
    ...(scopes !== undefined && { scopes }),
    introspectionClients: introspection_clients ?? [],
  }))
}

function described(scopes: ServiceFile['scopes']): Service['scopes'] {
  const entries = Object.entries(scopes ?? {})
  return Object.fromEntries(
    entries.map(([name, { description }]) => [
      name,
      { description: withoutUndefined(description) },
    ]),
  )
}

const LIFETIMES: Lifetimes = {
  pushedRequest: 90,
  interaction: 600,
  code: 60,
  accessToken: 300,
  refreshToken: 30 * DAY,
  idToken: 600,
  session: 8 * 3_600,
}

function lifetimesOf(file: LifetimesFile = {}): Lifetimes {
  return over(LIFETIMES, {
    pushedRequest: file.pushed_request,
    interaction: file.interaction,
    code: file.code,
    accessToken: file.access_token,
    refreshToken: file.refresh_token,
    idToken: file.id_token,
    session: file.session,
  })
}

/** What the profile forbids, and what two services would fight over. */
function serviceProblems(services: readonly ServiceConfig[]): readonly string[] {
  const named = (issuer: string, lines: readonly string[]): readonly string[] =>
    services.length === 1 ? lines : lines.map((line) => `${issuer}: ${line}`)
  const own = services.flatMap(({ service, clients, users }) =>
    named(service.issuer, [
      ...breachesOf(service),
      ...repeated(clients.map(({ client_id }) => String(client_id))).map(
        (id) => `clients: ${id} is declared twice`,
      ),
      ...clients.flatMap((metadata) => clientProblems(metadata, service)),
      ...repeated(users.map(({ username }) => username)).map(
        (username) => `users: ${username} is declared twice`,
      ),
      ...users.flatMap(userProblems),
    ]),
  )
  const twice = repeated(services.map(({ service }) => service.issuer.replace(/\/$/, '')))
  return [...own, ...twice.map((issuer) => `services: ${issuer} is declared twice`)]
}

function clientProblems(
  metadata: ServiceConfig['clients'][number],
  service: Service,
): readonly string[] {
  try {
    clientFromMetadata(metadata, service)
    return []
  } catch (error) {
    if (!(error instanceof InvalidClient)) throw error
    return error.refusals.map(
      ({ refusal, evidence: { id, expected, received } }) =>
        `clients: ${String(metadata['client_id'])}: ${refusal.description} (${id}); expected ${expected}; found ${received}`,
    )
  }
}

function userProblems({
  username,
  password_hash,
}: ServiceConfig['users'][number]): readonly string[] {
  try {
    parsePasswordHash(password_hash)
    return []
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return [`users: ${username}: ${error.message}`]
  }
}

function repeated(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))]
}
