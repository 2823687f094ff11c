import { createGuard, scopesOf, type GuardOptions, type RefusalEvent } from '@signet/guard'
import { grantOf, guard as fastifyGuard } from '@signet/guard/fastify'
import { guard as nodeGuard } from '@signet/guard/node'
import { fastify } from 'fastify'
import { createServer, type ServerOptions } from 'node:https'
import { once } from 'node:events'
import { CREDENTIAL } from './authority.ts'
import { freePorts } from './free-ports.ts'

/** An API behind a guard, over https. What it answers tells whose token it was. */
export interface GuardedApi {
  readonly origin: string
  /** What was refused, in order. */
  readonly events: readonly RefusalEvent[]
  close(): Promise<void>
}

export type Adapter = 'fastify' | 'node'

/** Paths: `/accounts` needs scope `accounts`, `/payments` scope `payments`, `/gold` a login that nobody has. */
const REQUIREMENTS = {
  '/accounts': { requireScopes: ['accounts'] },
  '/payments': { requireScopes: ['payments'] },
  '/gold': { requireAcr: { acr: ['gold'], maxAge: 60 } },
} as const

/** Where certificates count, whoever shows one may: the token says which it has to be. */
const tlsOf = ({ senderConstraint = 'dpop' }: GuardOptions): ServerOptions => ({
  cert: CREDENTIAL.certificate,
  key: CREDENTIAL.key,
  requestCert: senderConstraint !== 'dpop',
  rejectUnauthorized: false,
})

/** Serves an API with options for where it is reached and what it tells of refusals. */
export async function serveGuarded(
  adapter: Adapter,
  options: Omit<GuardOptions, 'baseUrl' | 'onRefusal'>,
): Promise<GuardedApi> {
  const [port = 0] = await freePorts(1)
  const origin = `https://localhost:${port}`
  const events: RefusalEvent[] = []
  const whole: GuardOptions = {
    ...options,
    baseUrl: origin,
    onRefusal: (event) => void events.push(event),
  }
  const stop = await (adapter === 'fastify' ? serveFastify : serveNode)(whole, port)
  return { origin, events, close: stop }
}

type Stop = () => Promise<void>

async function serveFastify(options: GuardOptions, port: number): Promise<Stop> {
  const app = fastify({ https: tlsOf(options), forceCloseConnections: true })
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (_: unknown, body: string) => Object.fromEntries(new URLSearchParams(body)),
  )
  const made = createGuard(options)
  const api = fastifyGuard(made)
  for (const [url, requirements] of Object.entries(REQUIREMENTS)) {
    app.route({
      method: ['GET', 'POST', 'DELETE'],
      url,
      ...api(requirements),
      handler: async (request) => toldOf(grantOf(request).token),
    })
  }
  app.get(api.metadataPath, api.metadata)
  await app.listen({ host: '127.0.0.1', port })
  return async () => {
    made.close()
    await app.close()
  }
}

async function serveNode(options: GuardOptions, port: number): Promise<Stop> {
  const api = nodeGuard(options)
  const server = createServer(tlsOf(options), (request, response) => {
    const path = request.url?.split('?', 1)[0]
    const [, requirements] = Object.entries(REQUIREMENTS).find(([known]) => known === path) ?? []
    if (api.metadata(request, response)) return
    void api.check(request, response, requirements).then((granted) => {
      if (granted === undefined) return
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(toldOf(granted.token)))
    })
  })
  await once(server.listen(port, '127.0.0.1'), 'listening')
  return async () => {
    const gone = once(server, 'close')
    api.guard.close()
    server.close()
    server.closeAllConnections()
    await gone
  }
}

function toldOf(token: Parameters<typeof scopesOf>[0] | undefined): object {
  return token === undefined ? {} : { sub: token['sub'], scopes: scopesOf(token) }
}
