import type { Config } from './config/config.ts'
import { openListeners } from './http/listeners.ts'
import type { Observe } from './http/mount.ts'
import type { Served } from './http/served.ts'
import { startTellingHeads } from './management/audit-heads.ts'
import { checkOf } from './management/check.ts'
import { managed, undoAll, type Undo } from './management/managed.ts'
import type { Metrics } from './management/metrics.ts'
import { startSweeping } from './management/sweeping.ts'
import { openService } from './open-service.ts'
import { requireMasterKeys } from './service-keys.ts'
import { share, type Shared, type StartOptions } from './shared.ts'
import type { StartedServer } from './started-server.ts'

/**
 * Starts all services of a configuration: this file and the three beside it decide which adapter fills which port, and
 * nothing else does.
 *
 * Next: `shared.ts`, then `open-service.ts` and `service-keys.ts`.
 *
 * @throws InvalidClient, DeclarationClash, MasterKeyRefused, Misconfigured, SchemaRefused, RedisRefused, StoreUnavailable:
 *   nothing keeps running then.
 */
export async function startServer(
  config: Config,
  options: StartOptions = {},
): Promise<StartedServer> {
  requireMasterKeys(config)
  const shared = await share(config, options)
  const undo: Undo = []
  if (options.stores === undefined) undo.push(() => shared.stores.close())
  try {
    return await start(shared, undo)
  } catch (error) {
    await undoAll(undo)
    throw error
  }
}

/** Adds to `undo` whatever it opened, in order. */
async function start(shared: Shared, undo: Undo): Promise<StartedServer> {
  const { config, stores, metrics, log, steps } = shared
  const services: Served[] = []
  const auditHeads = startTellingHeads(services)
  undo.push(() => auditHeads.stop())
  for (const service of config.services) {
    const { served, stop } = await openService(service, shared)
    undo.push(stop)
    services.push(served)
  }
  await auditHeads.tell()
  const { url, mtlsUrl, close } = await openListeners(services, {
    config,
    proxies: shared.proxies,
    observe: stepDurations(metrics),
  })
  undo.push(() => close(config.drain * 1000))

  const sweeping = startSweeping({ sweep: (budget) => stores.sweep(budget), metrics, log })
  undo.push(() => sweeping.stop())
  const { management, mtls, listen } = config
  const health = {
    registry: metrics.registry,
    checks: async () => [await checkOf('store', () => stores.check())],
  }
  const running = await managed({ management, health, undo, log, ...(steps && { steps }) })
  const issuers = config.services.map(({ service }) => service.issuer)
  log.info({ issuers, port: listen.port, mtlsPort: mtls?.listen.port }, 'listening')
  return { url, ...(mtlsUrl !== undefined && { mtlsUrl }), ...running }
}

/** How long each step took, by its name: looked up once, because every request asks. */
function stepDurations({ duration }: Metrics): Observe {
  const durations = new Map<string, { observe(seconds: number): void }>()
  return (step, milliseconds) => {
    const series = durations.get(step) ?? duration.labels({ step })
    durations.set(step, series)
    series.observe(milliseconds / 1000)
  }
}
