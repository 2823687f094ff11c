import type { Config } from './config/config.ts'
import { openListeners } from './http/listeners.ts'
import type { Observe } from './http/mount.ts'
import type { Served } from './http/served.ts'
import { startTellingHeads } from './management/audit-heads.ts'
import { checkOf } from './management/check.ts'
import { openManagement } from './management/health.ts'
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
  const undo: (() => unknown)[] = []
  if (options.stores === undefined) undo.push(() => shared.stores.close())
  try {
    return await start(shared, undo)
  } catch (error) {
    for (const step of undo.toReversed()) await step()
    throw error
  }
}

/** Adds to `undo` whatever it opened, in order. */
async function start(shared: Shared, undo: (() => unknown)[]): Promise<StartedServer> {
  const { config, stores, metrics, log } = shared
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
  let draining = false
  const health: StartedServer['health'] = {
    registry: metrics.registry,
    checks: async () => [await checkOf('store', () => stores.check())],
  }
  const management =
    config.management &&
    (await openManagement(config.management, {
      ...health,
      draining: () => draining,
      ...(shared.steps && { steps: shared.steps }),
    }))
  const issuers = config.services.map(({ service }) => service.issuer)
  const mtlsPort = config.mtls?.listen.port
  log.info({ issuers, port: config.listen.port, mtlsPort }, 'listening')
  return {
    url,
    ...(mtlsUrl !== undefined && { mtlsUrl }),
    ...(management !== undefined && { managementUrl: management.url }),
    health,
    close: async () => {
      if (draining) return
      draining = true
      log.info('draining')
      for (const step of undo.toReversed()) await step()
      await management?.close()
    },
  }
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
