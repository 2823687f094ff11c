import { createEngine, type LogoutNotices, type Store } from '@signet/engine'
import { createClients } from './adapters/clients.ts'
import { carryOut } from './adapters/declarations.ts'
import { deflate } from './adapters/deflate.ts'
import type { KeyRing } from './adapters/keys.ts'
import { LogoutDelivery } from './adapters/logout-delivery.ts'
import { createSubjects } from './adapters/subjects.ts'
import type { ServiceConfig } from './config/config.ts'
import type { Served } from './http/served.ts'
import { createThrottle } from './login/throttle.ts'
import { countedEngine, observedStore } from './management/observed.ts'
import { openServiceKeys } from './service-keys.ts'
import type { Shared } from './shared.ts'

/** Seconds. */
const LONGEST_JWKS_AGE = 300

/** A service with its ports filled; `stop` ends what it does on its own. */
export interface OpenedService {
  readonly served: Served
  readonly stop: () => Promise<void>
}

/** Carries out what the file declares for a service, and makes it ready to be served. */
export async function openService(config: ServiceConfig, shared: Shared): Promise<OpenedService> {
  const { service } = config
  const { clock, random, checks, metrics, limit, failures, proxies } = shared
  const log = shared.log.child({ issuer: service.issuer })
  const store = observedStore(shared.stores.store(service.issuer), { metrics, log, limit })
  await carryOut(config, { store, clock, random })
  const keys = await openServiceKeys({ service, store, log }, shared)
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
      failures,
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

interface EngineParts extends Pick<
  Shared,
  'clock' | 'random' | 'fetch' | 'metrics' | 'log' | 'limit'
> {
  readonly store: Store
  readonly keys: KeyRing
  readonly logoutNotices: LogoutNotices
}

/** The engine of one service on these adapters. */
function engineFor(
  { service }: ServiceConfig,
  parts: EngineParts,
): ReturnType<typeof createEngine> {
  const { clock, random, store, keys, fetch, metrics, log, limit, logoutNotices } = parts
  const clients = createClients({
    service,
    store,
    clock,
    fetch,
    fetched: (jwksUri, result, detail) => {
      metrics.jwksFetches.inc({ result })
      if (result !== 'ok' || detail !== undefined) log.warn({ jwksUri, result, detail }, 'jwks_uri')
    },
    // Whoever names such a client has it looked at.
    unusable: (clientId, error) => {
      if (limit()) log.error({ clientId, err: error }, 'a client cannot be used')
    },
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
