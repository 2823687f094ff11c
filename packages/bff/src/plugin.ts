import type { Seconds } from '@signet/protocol'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import type { BffOptions } from './config/options.ts'
import { createCore, type Core } from './core.ts'
import { dispatch } from './http/dispatch.ts'
import { AuthorityFailure } from './oauth/failure.ts'
import { acceptWebSockets } from './proxy/websocket.ts'

/** How much longer what has ended is kept: our clock may be ahead of that of another process, for which it still counts. */
const CLOCK_MARGIN: Seconds = 600

/** A backend for frontend, to be put into a Fastify server. */
export interface Bff {
  readonly plugin: FastifyPluginAsync
  /** When the certificate of the client expires, if it has one: to be renewed in time. */
  readonly certificateExpires: Seconds | undefined
  /** What a readiness probe wants to know. Asks the authorization server if it is not known yet. */
  readiness(): Promise<Readiness>
  /** How many sessions are alive, for a gauge. @throws SessionsUnavailable */
  activeSessions(): Promise<number>
  /** Forgets what has ended; to be called on a timer. @returns how many rows @throws SessionsUnavailable */
  sweep(budget: number): Promise<number>
  /** Ends the WebSockets, which end by themselves at no time, and takes no more: for whoever waits before closing the server. */
  endWebSockets(): void
}

export interface Readiness {
  readonly ready: boolean
  readonly checks: Readonly<Record<'authorization_server' | 'session_store', string>>
}

/**
 * Makes a BFF. It asks nobody until somebody logs in.
 *
 * @throws Misconfigured with everything that is wrong with the options
 */
export function createBff(options: BffOptions): Bff {
  const core = createCore(options)
  const ends: (() => void)[] = []
  const plugin = async (app: FastifyInstance): Promise<void> => {
    ends.push(await mount(core, app))
  }
  return {
    plugin: fastifyPlugin(plugin, { name: '@signet/bff', fastify: '5.x' }),
    certificateExpires: core.certificate?.expires,
    readiness: () => readinessOf(core),
    activeSessions: () => core.store.count(core.clock.now()),
    sweep: (budget) => core.store.sweep(core.clock.now() - CLOCK_MARGIN, budget),
    endWebSockets: () => {
      for (const end of ends) end()
    },
  }
}

/** The same, for `app.register(bff, options)`. */
export const bff: FastifyPluginAsync<BffOptions> = fastifyPlugin(
  async (app: FastifyInstance, options: BffOptions) => {
    await mount(createCore(options), app)
  },
  { name: '@signet/bff', fastify: '5.x' },
)

/** @returns ends the WebSockets */
async function mount(core: Core, app: FastifyInstance): Promise<() => void> {
  const [root] = core.frontends.flatMap((frontend) => frontend.static ?? [])
  const endWebSockets = acceptWebSockets(core, app.server)
  app.addHook('preClose', async () => endWebSockets())
  app.addHook('onClose', async () => core.outgoing.close())
  // A context of its own: bodies stay streams here, and nowhere else.
  await app.register(async (scope) => {
    if (root !== undefined && !scope.hasReplyDecorator('sendFile')) {
      await scope.register(fastifyStatic, { root, serve: false, cacheControl: false })
    }
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
    scope.all('/*', async (request, reply) => {
      await dispatch(core, request, reply)
      return reply
    })
  })
  return endWebSockets
}

async function readinessOf({ authority, store }: Core): Promise<Readiness> {
  const [server, sessions] = await Promise.all([
    authority.known().then(() => 'ok', told),
    store.get('readiness').then(() => 'ok', told),
  ])
  return {
    ready: server === 'ok' && sessions === 'ok',
    checks: { authorization_server: server, session_store: sessions },
  }
}

function told(error: unknown): string {
  return error instanceof AuthorityFailure ? error.message : 'unavailable'
}
