import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { createServer as createHttpServer, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { Listen } from '../config/config.ts'
import { answerClientError } from './client-error.ts'
import { drain, mount, send, wantsHtml, type Mounted, type Observe } from './mount.ts'
import { badHttp, badUrl, notFound, wrongMethod, type TransportRefusal } from './refusals.ts'
import { namesOneHost, pathOf } from './request.ts'
import type { Route } from './route.ts'
import { basePath, type Served } from './served.ts'
import { ASKING, TLS } from './tls.ts'

/** A service and what it answers. */
export interface Hosted {
  readonly served: Served
  readonly routes: readonly Route[]
  /** As clients see it. */
  readonly origin: string
}

/** How a server takes connections. */
export interface Entrance extends Listen {
  /** Whether the other end is asked for a certificate. */
  readonly asking?: boolean
}

/** The longest of our own identifiers in a path, and some room. */
const LONGEST_PARAMETER = 200

/** Milliseconds. The keep-alive is longer than that of the usual proxies, so that they and not we end a connection. */
const TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 75_000 }

/**
 * An HTTP server for all services of a process. It parses nothing: bodies, header fields and queries reach the steps as
 * they came, so that what is wrong with them is told by a rule.
 */
export function createServer(
  entrance: Entrance,
  hosted: readonly Hosted[],
  observe: Observe,
): FastifyInstance {
  requireTls(entrance)
  requireDistinct(hosted)
  const mounted: Mounted[] = []
  const app = fastify({
    serverFactory: (handler) => {
      const server = socketServer(entrance, handler)
      server.on('clientError', (error, socket) => {
        void answerClientError(error, socket, mounted[0])
      })
      return Object.assign(server, TIMEOUTS)
    },
    clientErrorHandler: () => {},
    frameworkErrors: (_error, request, reply) => {
      void refuse(badUrl('a path that cannot be decoded'), { request, reply, mounted })
    },
    exposeHeadRoutes: false,
    return503OnClosing: false,
    routerOptions: { maxParamLength: LONGEST_PARAMETER },
  })
  app.removeAllContentTypeParsers()
  // Bodies are read by the steps that want them; to Fastify no method has one.
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    app.addHttpMethod(method, { hasBody: false, overrideExisting: true })
  }
  app.addHook('onRequest', (request, reply, done) => {
    if (namesOneHost(request.raw)) done()
    else void refuse(badHttp('no Host header field, or several'), { request, reply, mounted })
  })
  app.setNotFoundHandler((request, reply) => refuseUnrouted(request, reply, mounted))
  for (const each of hosted) mounted.push(mountAmong(app, each, { hosted, observe }))
  return app
}

function requireDistinct(hosted: readonly Hosted[]): void {
  const addresses = hosted.map(
    ({ served: { service }, origin }) => new URL(origin).host + basePath(service),
  )
  const twice = addresses.find((address, index) => addresses.indexOf(address) !== index)
  if (twice !== undefined) throw new Error(`two services are at ${twice}`)
}

/** @see FAPI 2.0 Security Profile §5.2.1-1 */
function requireTls({ tls, host }: Listen): void {
  if (tls !== undefined || isLoopback(host)) return
  throw new Error(
    `listen.tls is missing, and ${host} is not a loopback address: plain http is served on 127.0.0.1, ::1 and localhost only`,
  )
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
}

function socketServer(
  { tls, asking = false }: Entrance,
  handler: Parameters<typeof createHttpServer>[1] & Parameters<typeof createHttpsServer>[1],
): Server {
  // Node would answer these requests itself, without the header fields every answer of ours has.
  const lenient = { requireHostHeader: false }
  const server =
    tls === undefined
      ? createHttpServer(lenient, handler)
      : createHttpsServer(
          {
            ...TLS,
            ...(asking && ASKING),
            ...lenient,
            cert: tls.certificate,
            key: tls.key,
            handshakeTimeout: TIMEOUTS.headersTimeout,
          },
          handler,
        )
  return server.on('checkExpectation', (request, response) => {
    server.emit('request', request, response)
  })
}

interface Among {
  readonly hosted: readonly Hosted[]
  readonly observe: Observe
}

/** A service listens to every host, unless another service is on the same path: then the host decides. */
function mountAmong(app: FastifyInstance, each: Hosted, { hosted, observe }: Among): Mounted {
  const base = basePath(each.served.service)
  const onSamePath = hosted.filter(({ served }) => basePath(served.service) === base)
  const { host } = new URL(each.origin)
  return mount(app, each, { observe, host, exactly: onSamePath.length > 1 })
}

interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly mounted: readonly Mounted[]
}

async function refuseUnrouted(
  request: FastifyRequest,
  reply: FastifyReply,
  mounted: readonly Mounted[],
): Promise<FastifyReply> {
  const path = pathOf(request.raw)
  const service = concerned(mounted, request)
  const allowed = (service?.paths ?? [])
    .filter(({ pattern }) => pattern.test(path))
    .map(({ method }) => method)
  // A method that is allowed got here only because the host is that of no service.
  const elsewhere = allowed.length === 0 || allowed.includes(request.method)
  const refusal = elsewhere ? notFound(path) : wrongMethod(request.method, allowed)
  return refuse(refusal, { request, reply, mounted })
}

async function refuse(
  refusal: TransportRefusal,
  { request, reply, mounted }: Exchange,
): Promise<FastifyReply> {
  const service = concerned(mounted, request)
  if (service === undefined) return reply.code(404).send()
  const { accept } = request.headers
  const person = service.isForPeople && refusal.status !== 405 && wantsHtml(accept)
  const acceptLanguage = request.headers['accept-language']
  const about = { step: 'transport', person, acceptLanguage }
  const answer = await service.surface
    .refuse(refusal, about)
    .catch((error: unknown) => service.surface.fail(error, about))
  await drain(request.raw, reply)
  send(reply, answer)
  return reply
}

/** The service whose issuer is nearest to the request; where none is, the first. */
function concerned(
  mounted: readonly Mounted[],
  { raw, headers }: FastifyRequest,
): Mounted | undefined {
  const path = pathOf(raw)
  const below = mounted
    .filter(({ base }) => path === base || path.startsWith(`${base}/`))
    .toSorted((one, other) => other.base.length - one.base.length)
  const nearest = below.filter(({ base }) => base === below[0]?.base)
  return nearest.find(({ host }) => host === headers.host) ?? nearest[0] ?? mounted[0]
}
