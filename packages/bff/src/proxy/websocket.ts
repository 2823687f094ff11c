import type { ClientRequest, IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Frontend, Route } from '../config/settings.ts'
import type { Core } from '../core.ts'
import { readCookies } from '../http/cookies.ts'
import { foreignCaller } from '../http/csrf.ts'
import { problemOf } from '../http/failures.ts'
import { frontendOf } from '../http/frontend-of.ts'
import { readTarget } from '../http/request-target.ts'
import { SessionDead } from '../sessions/refresh.ts'
import type { Session } from '../sessions/sessions.ts'
import { proven } from './attempt.ts'
import { credentialSource, type Credential } from './credential.ts'
import { Chances, refusalOf } from './chances.ts'
import { UpstreamFailed } from './exchange.ts'
import { Frames, GOING_AWAY } from './frames.ts'
import { requestHeaders } from './headers.ts'
import { routeOf, targetUrl } from './target-url.ts'
import { watchSession } from './watch.ts'

/** A connection of a browser that wants to become something else. */
interface Opened {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
  /** Tells how to end it when the BFF goes away. */
  readonly endBy: (end: () => void) => void
}

/** A browser that wants a WebSocket, and the API it is for. */
interface Wish extends Opened {
  readonly core: Core
  readonly frontend: Frontend
  readonly route: Route
  readonly url: URL
}

/** How long a browser may take to answer that it has heard that the BFF goes away, in milliseconds. */
const FAREWELL = 1_000

/** What the browser and the API must agree on themselves. @see RFC 6455 §4 */
const ASKED = ['key', 'version', 'protocol', 'extensions'] as const
const GRANTED = ['accept', 'protocol', 'extensions'] as const

/**
 * Takes the WebSockets of routes that allow them. Browsers send cookies with them and no headers of ours, from any site: so
 * the `Origin`, which they always send, must be the app's.
 *
 * @returns ends all that are open
 */
export function acceptWebSockets(core: Core, server: Server): () => void {
  const open = new Map<Duplex, () => void>()
  let isEnding = false
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const endBy = (end: () => void): void => void open.set(socket, end)
    endBy(() => socket.destroy())
    socket.once('close', () => open.delete(socket))
    socket.on('error', () => socket.destroy())
    if (isEnding) return refuse(socket, 503)
    accept(core, { request, socket, head, endBy }).catch((error: unknown) =>
      refuse(socket, statusOf(core, error)),
    )
  })
  return () => {
    isEnding = true
    for (const end of open.values()) end()
  }
}

async function accept(core: Core, opened: Opened): Promise<void> {
  const { request, socket } = opened
  const place = placeOf(core, request)
  if (place === undefined) return refuse(socket, 404)
  const { frontend, route } = place
  const reason =
    request.headers.origin === undefined
      ? 'foreign_origin'
      : foreignCaller(request.headers, frontend)
  if (reason !== undefined) {
    core.onEvent({ type: 'csrf_rejected', frontend: frontend.name, reason })
    return refuse(socket, 403)
  }
  const cookie = readCookies(request.headers.cookie).get(frontend.cookie)
  const session = route.token.startsWith('user')
    ? await core.sessions.find(cookie, frontend.name)
    : undefined
  await connect({ core, ...opened, ...place }, session)
}

function placeOf(
  { frontends }: Core,
  request: IncomingMessage,
): Pick<Wish, 'frontend' | 'route' | 'url'> | undefined {
  const target = readTarget(request.url ?? '')
  if (target === undefined) return undefined
  const frontend = frontendOf(frontends, request.headers.host, target.path)
  const route = frontend && routeOf(frontend.routes, target.path)
  const url = route && targetUrl(route, target)
  if (frontend === undefined || route === undefined || url === undefined) return undefined
  return isWebSocket(request, route) ? { frontend, route, url } : undefined
}

function isWebSocket(request: IncomingMessage, route: Route): boolean {
  return (
    route.webSocket &&
    request.method === 'GET' &&
    request.headers.upgrade?.toLowerCase() === 'websocket'
  )
}

/** Asks the API, and again once for each reason that another try can mend. */
async function connect(wish: Wish, session: Session | undefined): Promise<void> {
  const { core, route, url, socket } = wish
  const source = credentialSource(core, route, session)
  const chances = new Chances()
  let credential = await source.get()
  for (;;) {
    const nonce = core.resourceNonces.get(url)
    const answer = await ask(wish, credential)
    const { incoming } = answer
    core.resourceNonces.learn(url, incoming.headersDistinct['dpop-nonce']?.[0])
    if (answer.upstream !== undefined) return join(wish, { ...answer, session })
    incoming.resume()
    const move = chances.next(refusalOf(incoming), core.resourceNonces.get(url) !== nonce)
    if (move === 'accept' || credential === undefined) {
      return refuse(socket, incoming.statusCode === 401 ? 401 : 502)
    }
    if (move === 'renew') credential = await source.get(credential.accessToken)
  }
}

interface Answer {
  readonly incoming: IncomingMessage
  /** There if the API agreed. */
  readonly upstream?: Duplex
  readonly first?: Buffer
}

async function ask(
  { core, request, route, url, socket }: Wish,
  credential: Credential | undefined,
): Promise<Answer> {
  const proof = proven({ core, url, method: 'GET' }, credential)
  const asking = core.outgoing.open(url, {
    method: 'GET',
    alone: true,
    certified: proof.certified,
    headers: {
      ...requestHeaders(request.headers, route),
      connection: 'Upgrade',
      upgrade: 'websocket',
      ...named(request, ASKED),
      ...proof.headers,
    },
  })
  asking.setTimeout(route.timeout * 1_000, () => asking.destroy(new Error('silence')))
  const stop = (): void => void asking.destroy(new Error('the browser has gone'))
  socket.once('close', stop)
  try {
    asking.end()
    return await answerTo(asking)
  } finally {
    socket.removeListener('close', stop)
  }
}

function answerTo(asking: ClientRequest): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  asking.once('upgrade', (incoming: IncomingMessage, upstream: Duplex, first: Buffer) => {
    asking.setTimeout(0)
    resolve({ incoming, upstream, first })
  })
  asking.once('response', (incoming: IncomingMessage) => resolve({ incoming }))
  asking.on('error', (error) => reject(new UpstreamFailed(error, false)))
  return promise
}

function join(
  { core, socket, head, endBy }: Wish,
  { incoming, upstream, first, session }: Answer & { readonly session: Session | undefined },
): void {
  if (upstream === undefined) return
  // The browser went while it was asked for: nothing would tell of its end any more.
  if (socket.destroyed) return void upstream.destroy()
  const headers = Object.entries(named(incoming, GRANTED)).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n${headers.join('')}\r\n`,
  )
  if (first !== undefined && first.length > 0) socket.write(first)
  if (head.length > 0) upstream.write(head)
  const end = (): void => {
    socket.destroy()
    upstream.destroy()
  }
  const forget = watchSession(core, session, end)
  for (const side of [socket, upstream]) {
    side.on('error', end)
    side.once('close', end)
  }
  socket.once('close', forget)
  const frames = new Frames()
  if (first !== undefined) frames.pass(first)
  upstream.on('data', (chunk: Buffer) => frames.pass(chunk))
  endBy(() => {
    if (!frames.areWhole) return end()
    upstream.unpipe(socket)
    socket.end(GOING_AWAY)
    // What the browser answers passes to the API; whoever does not answer is not waited for.
    setTimeout(end, FAREWELL).unref()
  })
  socket.pipe(upstream).pipe(socket)
}

function named(
  { headers }: IncomingMessage,
  names: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = headers[`sec-websocket-${name}`]
      return typeof value === 'string' ? [[`sec-websocket-${name}`, value]] : []
    }),
  )
}

const REASONS: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
}

function refuse(socket: Duplex, status: number): void {
  socket.end(
    `HTTP/1.1 ${status} ${REASONS[status] ?? 'Error'}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
    // Nobody else would end a connection whose other end stays open.
    () => socket.destroy(),
  )
}

function statusOf(core: Core, error: unknown): number {
  if (error instanceof SessionDead) return 401
  if (error instanceof UpstreamFailed) return 502
  return problemOf(core, error).status
}
