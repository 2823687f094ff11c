import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Answer } from './answer.ts'
import { BodyCutOff, discardBody } from './body.ts'
import type { Route } from './route.ts'
import { basePath, type Served } from './served.ts'
import { createSurface, type Surface, type Unanswered } from './surface.ts'

/** A service with everything it answers, and where. */
export interface Mounted {
  readonly served: Served
  readonly surface: Surface
  /** Where it is: host, and path without a slash at its end. */
  readonly host: string
  readonly base: string
  /** Whether browsers find pages there. */
  readonly isForPeople: boolean
  readonly paths: readonly MountedPath[]
}

interface MountedPath {
  readonly pattern: RegExp
  readonly method: string
}

/** Told of every request of a route that was answered, `milliseconds` after it came. */
export type Observe = (step: string, milliseconds: number) => void

export interface MountOptions {
  readonly host: string
  /** Whether it listens to this host only: another service is on the same path. */
  readonly exactly: boolean
  readonly observe: Observe
}

/** Puts the routes of one service on the server, below the path of its issuer. */
export function mount(
  app: FastifyInstance,
  { served, routes }: { readonly served: Served; readonly routes: readonly Route[] },
  { host, exactly, observe }: MountOptions,
): Mounted {
  const base = basePath(served.service)
  const surface = createSurface(served)
  const constraints = exactly ? { constraints: { host: patternOfHost(host) } } : {}
  const paths: MountedPath[] = []
  for (const route of routes) {
    const [method = '', path = ''] = route.on.split(' ')
    const url = urlOf(base, path)
    const methods = method === 'GET' && route.audience === 'anybody' ? ['GET', 'HEAD'] : [method]
    const lane: Lane = { route, surface, observe }
    const handler = (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
      serve(lane, request, reply)
    app.route({ method: methods, url, handler, ...constraints })
    for (const each of methods) paths.push({ pattern: patternOf(url), method: each })
  }
  const isForPeople = routes.some(({ audience }) => audience !== 'client')
  return { served, surface, host, base, isForPeople, paths }
}

/** Well-known documents stand at the root of the host, everything else below the issuer. */
function urlOf(base: string, path: string): string {
  if (path.startsWith('//')) return path.slice(1)
  return path === '/' && base !== '' ? base : `${base}${path}`
}

function patternOfHost(host: string): RegExp {
  const { hostname, port } = new URL(`https://${host}`)
  const name = hostname.replaceAll(/[.[\]]/g, String.raw`\$&`)
  return new RegExp(port === '' ? `^${name}(?::443)?$` : `^${name}:${port}$`, 'i')
}

function patternOf(url: string): RegExp {
  const literal = url.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  return new RegExp(`^${literal.replaceAll(/:\w+/g, '[^/]+')}$`)
}

interface Lane {
  readonly route: Route
  readonly surface: Surface
  readonly observe: Observe
}

async function serve(
  lane: Lane,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const begun = performance.now()
  const { route, surface, observe } = lane
  try {
    send(reply, await route.handle(request))
  } catch (error) {
    if (error instanceof BodyCutOff) {
      reply.hijack()
      request.raw.destroy()
      return reply
    }
    const answer = await surface.fail(error, about(route, request))
    await drain(request.raw, reply)
    send(reply, answer)
  }
  observe(route.step, performance.now() - begun)
  return reply
}

function about(
  { step, audience }: Pick<Route, 'step' | 'audience'>,
  { headers }: FastifyRequest,
): Unanswered {
  return {
    step,
    person: audience === 'browser' || (audience === 'anybody' && wantsHtml(headers.accept)),
    acceptLanguage: headers['accept-language'],
  }
}

/** Whoever asks for HTML is a person; clients do not. */
export function wantsHtml(accept: string | undefined): boolean {
  return accept?.includes('text/html') === true
}

/** Lets a caller who is still sending come to an end, so that it gets to read why it was refused. */
export async function drain(message: IncomingMessage, reply: FastifyReply): Promise<void> {
  if (!(await discardBody(message))) reply.raw.setHeader('connection', 'close')
}

export const ALWAYS = {
  /** Two years. @see RFC 6797 §6.1 */
  'strict-transport-security': 'max-age=63072000',
  'x-content-type-options': 'nosniff',
} as const

/** As pairs: a name and its value, which is what Node takes without looking. */
const ALWAYS_FIELDS: readonly (string | string[])[] = Object.entries(ALWAYS).flat()

/**
 * Writes the answer as it is, past what Fastify would add to it.
 *
 * @see FAPI 2.0 Security Profile §5.2.3
 */
export function send(reply: FastifyReply, { status, headers, body }: Answer): void {
  reply.hijack()
  const { raw } = reply
  const fields = [...ALWAYS_FIELDS, 'content-length', String(Buffer.byteLength(body))]
  for (const name in headers) fields.push(name, headers[name] ?? '')
  raw.writeHead(status, fields).end(body)
}
