import { createBff, type Bff, type SessionStore } from '@signet/bff'
import type { Seconds } from '@signet/protocol'
import { fastify, type FastifyInstance } from 'fastify'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { DestinationStream, Logger } from 'pino'
import type { Listen } from '../config/config.ts'
import { closeGently } from '../http/close.ts'
import { urlOf } from '../http/listeners.ts'
import { TLS } from '../http/tls.ts'
import { checkOf, type Check } from '../management/check.ts'
import { withoutManagement } from '../management/health.ts'
import { createLineLimit } from '../management/line-limit.ts'
import { createLog } from '../management/log.ts'
import { managed, undoAll, type Undo } from '../management/managed.ts'
import { startSweeping } from '../management/sweeping.ts'
import type { StartedServer } from '../started-server.ts'
import type { BffConfig } from './config.ts'
import { logEvent } from './log-event.ts'
import { createBffMetrics, type BffMetrics } from './metrics.ts'
import { openSessions } from './sessions.ts'

/** Milliseconds. Bodies may be long; connections are kept longer than the usual proxies keep them. */
const TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 300_000, keepAliveTimeout: 75_000 }
const HEADER_BYTES = 32_768
/** When a certificate should have been renewed. */
const SOON: Seconds = 14 * 86_400

export interface ServeBffOptions {
  /** Where the log goes; absent: to standard output. */
  readonly log?: DestinationStream
  /** Which one it is of several processes that share the listener: the primary tells of their health. */
  readonly worker?: number
}

/**
 * Starts a BFF as a process of its own, or as one of several.
 *
 * @throws SchemaRefused, RedisRefused, StoreUnavailable, or what kept it from listening: nothing keeps running then.
 */
export async function serveBff(
  config: BffConfig,
  { log: destination, worker }: ServeBffOptions = {},
): Promise<StartedServer> {
  const log = createLog(config.log.level, destination)
  const undo: Undo = []
  try {
    return worker === undefined
      ? await start(config, log, undo)
      : await start(withoutManagement(config), log.child({ worker }), undo)
  } catch (error) {
    await undoAll(undo)
    throw error
  }
}

/** Adds to `undo` whatever it opened, in order. */
async function start(config: BffConfig, log: Logger, undo: Undo): Promise<StartedServer> {
  const store = await openSessions(config)
  undo.push(() => store.close())
  const { bff, metrics } = compose(config, store, log)
  const app = createApp(config.listen)
  undo.push(() => closeGently(app, config.drain * 1_000))
  undo.push(() => bff.endWebSockets())
  await app.register(bff.plugin)
  await app.listen({ host: config.listen.host, port: config.listen.port })
  const sweep = async (budget: number): Promise<Readonly<Record<string, number>>> => ({
    bff: await bff.sweep(budget),
  })
  const sweeping = startSweeping({ sweep, metrics, log })
  undo.push(() => sweeping.stop())
  if (bff.certificateExpires !== undefined) tellExpiry(bff.certificateExpires, metrics, log)
  const { management, listen } = config
  const health = { registry: metrics.registry, checks: () => checksOf(bff) }
  const running = await managed({ management, health, undo, log })
  const names = config.options.frontends.map(({ name }) => name)
  log.info({ frontends: names, port: listen.port }, 'listening')
  return { url: urlOf(listen, app.server.address()), ...running }
}

/** An expired certificate does not keep a BFF from starting: whether it is still good is for others to say. */
function tellExpiry(at: Seconds, metrics: BffMetrics, log: Logger): void {
  metrics.showExpiry(at)
  if (at - Date.now() / 1_000 > SOON) return
  const expires = new Date(at * 1_000).toISOString()
  log.warn({ expires }, 'the certificate of the client expires soon, or has expired')
}

function compose(
  { options }: BffConfig,
  store: SessionStore,
  log: Logger,
): { readonly bff: Bff; readonly metrics: BffMetrics } {
  const limits = {
    warn: createLineLimit(log, 'warnings'),
    error: createLineLimit(log, 'failures'),
  }
  const metrics = createBffMetrics(() => bff.activeSessions())
  const bff = createBff({
    ...options,
    sessions: { ...options.sessions, store },
    onEvent: (event) => {
      metrics.count(event)
      logEvent(event, { log, limits })
    },
  })
  return { bff, metrics }
}

/** One server of our own making: for `localhost` Fastify would open one for each of its addresses, and only the first drains. */
function createApp({ tls }: Listen): FastifyInstance {
  const limits = { ...TIMEOUTS, maxHeaderSize: HEADER_BYTES }
  return fastify({
    serverFactory: (handler) =>
      tls === undefined
        ? createHttpServer(limits, handler)
        : createHttpsServer({ ...TLS, ...limits, cert: tls.certificate, key: tls.key }, handler),
  })
}

async function checksOf(bff: Bff): Promise<readonly Check[]> {
  let found: readonly Check[] = []
  const all = await checkOf('readiness', async () => {
    const { checks } = await bff.readiness()
    found = Object.entries(checks).map(([name, state]) =>
      state === 'ok' ? { name, ok: true } : { name, ok: false, detail: state },
    )
  })
  return all.ok ? found : [all]
}
