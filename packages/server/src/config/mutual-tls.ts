import { mutualTlsEndpointsOf, type Service } from '@signet/engine'
import { readAuthorityFiles } from './authorities.ts'
import type { Config, ServiceConfig } from './config.ts'
import type { ConfigFile, ServiceFile } from './file.ts'
import { listenOn, listenProblems } from './listen.ts'

/**
 * The second listener, when the file has one.
 *
 * @throws InvalidConfig when something it names cannot be used.
 */
export function mutualTlsListen({ mtls }: ConfigFile, path: string): Pick<Config, 'mtls'> {
  if (mtls === undefined) return {}
  const { origin, listen, trusted_cas = [] } = mtls
  return {
    mtls: {
      origin: new URL(origin).origin,
      listen: listenOn(listen, { path, setting: 'mtls.listen' }),
      trustedCas: readAuthorityFiles(trusted_cas, { path, setting: 'mtls.trusted_cas' }),
    },
  }
}

/** What the second listener means to one service. */
export function mutualTlsOf(
  { issuer, mtls_origin }: Pick<ServiceFile, 'issuer' | 'mtls_origin'>,
  { mtls }: Pick<Config, 'mtls'>,
): Pick<Service, 'mtls'> {
  if (mtls === undefined || !URL.canParse(issuer)) return {}
  return {
    mtls: {
      endpoints: mutualTlsEndpointsOf(issuer, mtls_origin ?? mtls.origin),
      trustedAuthorities: mtls.trustedCas,
    },
  }
}

/** Everything about certificates that could not work. */
export function mutualTlsProblems(
  { mtls, proxies, services = [] }: ConfigFile,
  resolved: readonly ServiceConfig[],
): readonly string[] {
  const header = proxies?.client_certificate_header
  if (mtls === undefined) {
    const orphans = services.filter(({ mtls_origin }) => mtls_origin !== undefined)
    return [
      ...(header === undefined ? [] : [`proxies.client_certificate_header: ${NO_LISTENER}`]),
      ...orphans.map(({ issuer }) => `${issuer}: mtls_origin: ${NO_LISTENER}`),
    ]
  }
  const noHandshake = mtls.listen.tls === undefined && header === undefined
  return [
    ...listenProblems(mtls.listen, 'mtls.listen'),
    ...(noHandshake ? [`mtls.listen.tls: ${NO_HANDSHAKE}`] : []),
    ...sharedUrls(resolved).map((url) => `mtls: two services would be at ${url}`),
  ]
}

const NO_LISTENER = 'concerns the listener mtls, and there is none'
const NO_HANDSHAKE =
  'required, to ask for certificates; or proxies.client_certificate_header, when a proxy does that'

/** One endpoint of each service, and its alias, stand for all of them. */
function sharedUrls(services: readonly ServiceConfig[]): readonly string[] {
  const shared = services.flatMap((one) => {
    const alias = one.service.mtls?.endpoints.token
    const others = services.filter((other) => other !== one).map(({ service }) => service)
    const taken = others.flatMap(({ endpoints, mtls }) => [endpoints.token, mtls?.endpoints.token])
    return alias !== undefined && taken.includes(alias) ? [alias] : []
  })
  return [...new Set(shared)]
}
