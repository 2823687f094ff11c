import {
  createEngine,
  type Clock,
  type LogoutNotices,
  type Random,
  type Service,
  type Store,
} from '@signet/engine'
import type { Registry } from '@prometheus-io/client'
import type { ExternalSigningKey } from '@signet/protocol'
import type { DestinationStream, Logger } from 'pino'
import { recordAdministered } from './adapters/administered.ts'
import { createClients } from './adapters/clients.ts'
import { deflate } from './adapters/deflate.ts'
import { carryOut } from './adapters/declarations.ts'
import { triedSigners } from './adapters/external-signers.ts'
import { openKeyRing, type KeyRing } from './adapters/keys.ts'
import { LogoutDelivery } from './adapters/logout-delivery.ts'
import { createFetch, createPost, type Fetch, type Post } from './adapters/outgoing.ts'
import { requireMasterKey, sealAnew, sealedKeys, type Sealing } from './adapters/sealed-keys.ts'
import { openStores, type Stores } from './adapters/stores.ts'
import { createSubjects } from './adapters/subjects.ts'
import { systemClock, systemRandom } from './adapters/system.ts'
import type { Config, ServiceConfig } from './config/config.ts'
import { StepLog } from './dev/step-log.ts'
import { openListeners } from './http/listeners.ts'
import type { Observe } from './http/mount.ts'
import { trustedProxies, type TrustedProxies } from './http/proxies.ts'
import type { Served } from './http/served.ts'
import { createPasswordChecks, type PasswordChecks } from './login/password-check.ts'
import { createThrottle } from './login/throttle.ts'
import { startTellingHeads } from './management/audit-heads.ts'
import { checkOf } from './management/check.ts'
import { openManagement, type Health } from './management/health.ts'
import { createLineLimit, type LineLimit } from './management/line-limit.ts'
import { createLog } from './management/log.ts'
import { createMetrics, type Metrics } from './management/metrics.ts'
import { countedEngine, observedStore } from './management/observed.ts'
import { startSweeping } from './management/sweeping.ts'

/** A server that takes requests. */
export interface RunningServer {
  /** Where it listens, as the machine sees it; the issuers are what clients see. */
  readonly url: string
  /** The same of the listener for clients with certificates, if there is one. */
  readonly mtlsUrl?: string
  /** Of `/livez`, `/readyz` and `/metrics`, if they are served. */
  readonly managementUrl?: string
  /** Turns readiness off, takes no more connections, lets requests under way end, and lets go of everything. */
  close(): Promise<void>
}

/** A server of this process, whose health can be asked for in it. */
export interface StartedServer extends RunningServer {
  readonly health: Health & { readonly registry: Registry }
}

/** What tests put in the place of the machine, and programs beside it. */
export interface StartOptions {
  /**
   * The keys of a service that are not in the store, because a security module or a key service signs with them. For each
   * algorithm the first signs and the others are published only. Asked every ten seconds; the same key is the same object.
   */
  readonly signers?: (issuer: string) => Promise<readonly ExternalSigningKey[]>
  readonly clock?: Clock
  readonly random?: Random
  readonly stores?: Stores
  /** Where the log goes; absent: to standard output. */
  readonly log?: DestinationStream
  /** For one's own machine: shows at the management listener what the engine does. */
  readonly development?: boolean
  /** Which one it is of several processes that share the listeners: the primary tells of their health. */
  readonly worker?: number
}

/** What the services of one process share. */
interface Shared {
  readonly config: Config
  readonly clock: Clock
  readonly random: Random
  readonly stores: Stores
  readonly metrics: Metrics
  readonly log: Logger
  readonly limit: LineLimit
  readonly fetch: Fetch
  readonly post: Post
  readonly checks: PasswordChecks
  readonly proxies: TrustedProxies
  readonly signers: NonNullable<StartOptions['signers']>
  /** Only in development. */
  readonly steps?: StepLog
}

/**
 * Starts all services of a configuration. This file alone decides which adapter fills which port.
 *
 * @throws InvalidClient, DeclarationClash, MasterKeyRefused, Misconfigured: nothing keeps running then.
 */
export async function startServer(
  config: Config,
  options: StartOptions = {},
): Promise<StartedServer> {
  if (keepsKeys(config)) {
    for (const { service } of config.services) requireMasterKey(sealingOf(service, config))
  }
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

/** Whether the keys outlive the process. */
function keepsKeys({ store }: Config): boolean {
  return !('memory' in store)
}

function sealingOf({ issuer }: Pick<Service, 'issuer'>, { masterKeys }: Config): Sealing {
  return { issuer, masterKeys }
}

/** A store in which the keys are sealed, those of earlier versions too. */
async function withSealedKeys(store: Store, sealing: Sealing, log: Logger): Promise<Store> {
  const sealed = await sealAnew(store.keys, sealing, 'unsealed')
  if (sealed > 0) log.info({ sealed }, 'keys of an earlier version were sealed')
  return { ...store, keys: sealedKeys(store.keys, sealing) }
}

async function share(config: Config, options: StartOptions): Promise<Shared> {
  const { clock = systemClock, random = systemRandom } = options
  const { worker } = options
  const log = createLog(config.log.level, options.log).child(worker === undefined ? {} : { worker })
  return {
    config: worker === undefined ? config : withoutManagement(config),
    clock,
    random,
    stores: options.stores ?? (await openStores(config, clock)),
    metrics: createMetrics(),
    log,
    limit: createLineLimit(log),
    fetch: createFetch(config.outgoing),
    post: createPost(config.outgoing),
    checks: createPasswordChecks(),
    proxies: trustedProxies(config.proxies.trusted),
    signers: options.signers ?? (async () => []),
    ...(options.development === true && { steps: new StepLog(() => clock.milliseconds()) }),
  }
}

function withoutManagement({ management: _, ...config }: Config): Config {
  return config
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

/** A service with its ports filled; `stop` ends what it does on its own. */
interface OpenedService {
  readonly served: Served
  readonly stop: () => Promise<void>
}

/** Carries out what the file declares for a service, and makes it ready to be served. */
async function openService(config: ServiceConfig, shared: Shared): Promise<OpenedService> {
  const { service } = config
  const { clock, random, checks, metrics, limit, proxies } = shared
  const log = shared.log.child({ issuer: service.issuer })
  const store = observedStore(shared.stores.store(service.issuer), { metrics, log, limit })
  await carryOut(config, { store, clock, random })
  const keys = await openKeyRing({
    service,
    store: keepsKeys(shared.config)
      ? await withSealedKeys(store, sealingOf(service, shared.config), log)
      : store,
    clock,
    signers: triedSigners(() => shared.signers(service.issuer)),
    failed: (error) => log.error({ err: error }, 'the keys could not be read'),
    schedule: {
      policy: shared.config.keys,
      rotated: async (made) => {
        const detail = `new keys: ${made.map(({ algorithm, kid }) => `${algorithm} ${kid}`).join(', ')}`
        log.info({ detail }, 'keys were rotated')
        const change = { step: 'keys-rotate', by: 'the schedule', detail }
        await recordAdministered(change, { store, random, clock })
      },
    },
  })
  const secrets = (): readonly Buffer[] => keys.secrets('known device')
  const logoutNotices = new LogoutDelivery({
    post: shared.post,
    store,
    clock,
    random,
    log,
    ended: (result) => metrics.logoutNotices.inc({ result }),
  })
  const engine = engineFor(config, { ...shared, log, store, keys, logoutNotices })
  return {
    served: {
      service,
      engine: countedEngine(shared.steps?.watch(engine) ?? engine, service.issuer, metrics),
      keys,
      store,
      clock,
      random,
      log,
      proxies,
      login: { throttle: createThrottle({ store, clock, secrets }), checks, secrets },
      jwksMaxAge: Math.min(LONGEST_JWKS_AGE, Math.floor(shared.config.keys.announce / 2)),
    },
    stop: async () => {
      keys.stop()
      await logoutNotices.stop()
    },
  }
}

/** Seconds. */
const LONGEST_JWKS_AGE = 300

interface EngineParts extends Pick<Shared, 'clock' | 'random' | 'fetch' | 'metrics' | 'log'> {
  readonly store: Store
  readonly keys: KeyRing
  readonly logoutNotices: LogoutNotices
}

/** The engine of one service on these adapters. */
function engineFor(
  { service }: ServiceConfig,
  parts: EngineParts,
): ReturnType<typeof createEngine> {
  const { clock, random, store, keys, fetch, metrics, log, logoutNotices } = parts
  const clients = createClients({
    service,
    store,
    clock,
    fetch,
    fetched: (jwksUri, result, detail) => {
      metrics.jwksFetches.inc({ result })
      if (result !== 'ok' || detail !== undefined) log.warn({ jwksUri, result, detail }, 'jwks_uri')
    },
    unusable: (clientId, error) => log.error({ clientId, err: error }, 'a client cannot be used'),
  })
  return createEngine({
    service,
    clock,
    random,
    store,
    keys,
    clients,
    subjects: createSubjects(store),
    deflate,
    logoutNotices,
  })
}
