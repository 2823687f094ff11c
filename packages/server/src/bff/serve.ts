import { createBff, type Bff, type Readiness, type SessionStore } from '@signet/bff'
import type { Seconds } from '@signet/protocol'
import { fastify, type FastifyInstance } from 'fastify'
import type { DestinationStream, Logger } from 'pino'
import type { RunningServer } from '../compose.ts'
import type { Listen } from '../config/config.ts'
import { closeGently } from '../http/close.ts'
import { urlOf } from '../http/listeners.ts'
import { TLS } from '../http/tls.ts'
import { checkOf, type Check } from '../management/check.ts'
import { openManagement, type Management } from '../management/health.ts'
import { createLog } from '../management/log.ts'
import { startSweeping } from '../management/sweeping.ts'
import type { BffConfig } from './config.ts'
import { logEvent } from './log-event.ts'
import { createBffMetrics, type BffMetrics } from './metrics.ts'
import { openSessions } from './sessions.ts'

/** Milliseconds. Bodies may be long; connections are kept longer than the usual proxies keep them. */
const TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 300_000, keepAliveTimeout: 75_000 }
const HEADER_BYTES = 32_768
/** When a certificate should have been renewed. */
const SOON: Seconds = 14 * 86_400

/**
 * Starts a BFF as a process of its own.
 *
 * @param destination where the log goes; absent: to standard output
 * @throws SchemaRefused, RedisRefused, StoreUnavailable, or what kept it from listening: nothing keeps running then.
 */
export async function serveBff(
  config: BffConfig,
  destination?: DestinationStream,
): Promise<RunningServer> {
  const undo: (() => unknown)[] = []
  try {
    return await start(config, createLog(config.log.level, destination), undo)
  } catch (error) {
    for (const step of undo.toReversed()) await step()
    throw error
  }
}

/** Adds to `undo` whatever it opened, in order. */
async function start(
  config: BffConfig,
  log: Logger,
  undo: (() => unknown)[],
): Promise<RunningServer> {
  const store = await openSessions(config)
  undo.push(() => store.close())
  const { bff, metrics } = compose(config, store, log)
  const app = createApp(config.listen)
  undo.push(() => closeGently(app, config.drain * 1_000))
  await app.register(bff.plugin)
  await app.listen({ host: config.listen.host, port: config.listen.port })
  const sweep = async (budget: number): Promise<Readonly<Record<string, number>>> => ({
    bff: await bff.sweep(budget),
  })
  const sweeping = startSweeping({ sweep, metrics, log })
  undo.push(() => sweeping.stop())
  if (bff.certificateExpires !== undefined) tellExpiry(bff.certificateExpires, metrics, log)
  let draining = false
  const management = await manage(config, { bff, metrics, draining: () => draining })
  const names = config.options.frontends.map(({ name }) => name)
  log.info({ frontends: names, port: config.listen.port }, 'listening')
  return {
    url: urlOf(config.listen, app.server.address()),
    ...(management !== undefined && { managementUrl: management.url }),
    close: async () => {
      if (draining) return
      draining = true
      log.info('draining')
      for (const step of undo.toReversed()) await step()
      await management?.close()
    },
  }
}

/** An expired certificate does not keep a BFF from starting: whether it is still good is for others to say. */
function tellExpiry(at: Seconds, metrics: BffMetrics, log: Logger): void {
  metrics.showExpiry(at)
  if (at - Date.now() / 1_000 > SOON) return
  const expires = new Date(at * 1_000).toISOString()
  log.warn({ expires }, 'the certificate of the client expires soon, or has expired')
}

interface Composed {
  readonly bff: Bff
  readonly metrics: BffMetrics
}

function compose({ options }: BffConfig, store: SessionStore, log: Logger): Composed {
  const metrics = createBffMetrics(() => bff.activeSessions())
  const bff = createBff({
    ...options,
    sessions: { ...options.sessions, store },
    onEvent: (event) => {
      metrics.count(event)
      logEvent(log, event)
    },
  })
  return { bff, metrics }
}

function createApp({ tls }: Listen): FastifyInstance {
  const limits = { ...TIMEOUTS, maxHeaderSize: HEADER_BYTES }
  return tls === undefined
    ? fastify({ ...TIMEOUTS, http: limits })
    : fastify({ ...TIMEOUTS, https: { ...TLS, ...limits, cert: tls.certificate, key: tls.key } })
}

async function manage(
  { management }: BffConfig,
  { bff, metrics, draining }: Composed & { readonly draining: () => boolean },
): Promise<Management | undefined> {
  if (management === undefined) return undefined
  const checks = async (): Promise<readonly Check[]> => {
    let found: readonly Check[] = []
    const all = await checkOf('readiness', async () => {
      found = checksOf(await bff.readiness())
    })
    return all.ok ? found : [all]
  }
  return openManagement(management, { registry: metrics.registry, checks, draining })
}

function checksOf({ checks }: Readiness): readonly Check[] {
  return Object.entries(checks).map(([name, state]) =>
    state === 'ok' ? { name, ok: true } : { name, ok: false, detail: state },
  )
}
