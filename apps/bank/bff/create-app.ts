import { createBff } from '@signet/bff'
import { openSqliteSessions } from '@signet/store/bff-sqlite'
import { fastify, type FastifyInstance } from 'fastify'
import path from 'node:path'
import { tlsOf, type Settings } from '../settings.ts'
import { composeFlow } from './compose-flow.ts'
import type { Flow } from './flow.ts'
import { askApi, askServer } from './told.ts'
import { Trails } from './trail.ts'
import { browserOf, createWatch } from './watch.ts'

const STATIC = path.join(import.meta.dirname, '..', 'web', 'dist')
/** Milliseconds. */
const SWEEP_EVERY = 60_000
const SWEEP_BUDGET = 1_000

/** The backend of the app: sessions, tokens and calls to the API. The browser gets files and a cookie. */
export async function createApp(settings: Settings): Promise<FastifyInstance> {
  const trails = new Trails()
  const watch = createWatch(trails)
  const store = openSqliteSessions(settings.sessions)
  const bff = createBff({
    issuer: settings.issuer,
    client: { client_id: settings.clientId, keys: [settings.clientKey] },
    ca: settings.authority,
    development: true,
    sessions: { store, keys: [settings.sessionKey] },
    frontends: [
      {
        name: 'bank',
        publicOrigin: settings.app,
        scopes: ['openid', 'profile', 'accounts', 'payments', 'offline_access'],
        errorPath: '/login-failed',
        static: STATIC,
        routes: [{ match: '/api/', target: `${settings.api}/`, token: 'user' }],
      },
    ],
    userinfo: true,
    onEvent: watch.onEvent,
  })
  const app = fastify({ https: tlsOf(settings) })
  watch.attach(app)
  const sweeping = setInterval(() => void bff.sweep(SWEEP_BUDGET).catch(() => 0), SWEEP_EVERY)
  sweeping.unref()
  app.addHook('onClose', async () => {
    clearInterval(sweeping)
    store.close()
  })
  app.get('/trail', async (request, reply) => {
    reply.header('cache-control', 'no-store')
    const { 'x-csrf': marked, 'sec-fetch-site': site } = request.headers
    if (marked !== '1' || site !== 'same-origin') return reply.code(403).send()
    const browser = browserOf(request)
    return browser === undefined ? { scenes: [], serverTold: false } : flowOf(browser)
  })
  await app.register(bff.plugin)
  return app

  async function flowOf(browser: string): Promise<Flow> {
    const visits = trails.of(browser)
    const [calls, server] = await Promise.all([
      askApi(settings, visits),
      askServer(settings, visits[0]?.at ?? 0),
    ])
    return composeFlow({ visits, calls, server })
  }
}
