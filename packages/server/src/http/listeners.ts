import type { FastifyInstance } from 'fastify'
import type { AddressInfo } from 'node:net'
import type { Config, Listen } from '../config/config.ts'
import { mutualTlsRoutes, routes } from '../oauth/routes.ts'
import { shownInHandshake, toldByProxy, type CertificateSource } from './certificates.ts'
import { closeGently } from './close.ts'
import type { Observe } from './mount.ts'
import type { TrustedProxies } from './proxies.ts'
import { createServer, type Entrance, type Hosted } from './server.ts'
import type { Served } from './served.ts'

/** Where requests come in, as the machine sees it; the issuers are what clients see. */
export interface Listeners {
  readonly url: string
  /** For clients with certificates, if there is one. */
  readonly mtlsUrl?: string
  /** Takes no more connections at any of them, and lets requests under way end within `milliseconds`. */
  readonly close: (milliseconds: number) => Promise<void>
}

export interface ListenerPorts {
  readonly config: Pick<Config, 'listen' | 'mtls' | 'proxies'>
  readonly proxies: TrustedProxies
  readonly observe: Observe
}

/** Begins to listen for everybody and, where that is configured, for clients with certificates. */
export async function openListeners(
  services: readonly Served[],
  ports: ListenerPorts,
): Promise<Listeners> {
  const { config, observe } = ports
  const open: FastifyInstance[] = []
  const close: Listeners['close'] = async (milliseconds) => {
    await Promise.all(open.map((app) => closeGently(app, milliseconds)))
  }
  const listen = async (entrance: Entrance, hosted: readonly Hosted[]): Promise<string> => {
    const app = createServer(entrance, hosted, observe)
    open.push(app)
    await app.listen({ host: entrance.host, port: entrance.port })
    return urlOf(entrance, app.server.address())
  }
  try {
    const url = await listen(config.listen, services.map(forEverybody))
    if (config.mtls === undefined) return { url, close }
    const mtlsUrl = await listen(...withCertificates(services, config.mtls, ports))
    return { url, mtlsUrl, close }
  } catch (error) {
    await close(0)
    throw error
  }
}

function forEverybody(served: Served): Hosted {
  return { served, routes: routes(served), origin: served.service.issuer }
}

/** Where a proxy tells of certificates, nobody is asked for one here, and what somebody shows all the same is nothing. */
function withCertificates(
  services: readonly Served[],
  { listen }: NonNullable<Config['mtls']>,
  { config, proxies }: ListenerPorts,
): [Entrance, readonly Hosted[]] {
  const format = config.proxies.clientCertificateHeader
  const certificates: CertificateSource =
    format === undefined ? shownInHandshake() : toldByProxy(format, proxies)
  const hosted = services.flatMap((served) => {
    const origin = served.service.mtls?.endpoints.token
    if (origin === undefined) return []
    return [{ served, routes: mutualTlsRoutes(served, certificates), origin }]
  })
  return [{ ...listen, asking: format === undefined }, hosted]
}

/** Where a server listens, as the machine sees it. */
export function urlOf({ host, port, tls }: Listen, address: AddressInfo | string | null): string {
  const actual = typeof address === 'object' && address !== null ? address.port : port
  const name = host.includes(':') ? `[${host}]` : host
  return `${tls === undefined ? 'http' : 'https'}://${name}:${actual}`
}
