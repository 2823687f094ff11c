import type { Clock, Random } from '@signet/engine'
import type { ExternalSigningKey } from '@signet/protocol'
import type { DestinationStream, Logger } from 'pino'
import { createFetch, createPost, type Fetch, type Post } from './adapters/outgoing.ts'
import { openStores, type Stores } from './adapters/stores.ts'
import { systemClock, systemRandom } from './adapters/system.ts'
import type { Config } from './config/config.ts'
import { StepLog } from './dev/step-log.ts'
import { trustedProxies, type TrustedProxies } from './http/proxies.ts'
import { createPasswordChecks, type PasswordChecks } from './login/password-check.ts'
import { withoutManagement } from './management/health.ts'
import { createLineLimit, type LineLimit } from './management/line-limit.ts'
import { createLog } from './management/log.ts'
import { createMetrics, type Metrics } from './management/metrics.ts'

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
export interface Shared {
  readonly config: Config
  readonly clock: Clock
  readonly random: Random
  readonly stores: Stores
  readonly metrics: Metrics
  readonly log: Logger
  readonly limit: LineLimit
  readonly failures: LineLimit
  readonly fetch: Fetch
  readonly post: Post
  readonly checks: PasswordChecks
  readonly proxies: TrustedProxies
  readonly signers: NonNullable<StartOptions['signers']>
  /** Only in development. */
  readonly steps?: StepLog
}

/** @throws SchemaRefused, RedisRefused, StoreUnavailable: nothing stays open then. */
export async function share(config: Config, options: StartOptions): Promise<Shared> {
  const { clock = systemClock, random = systemRandom, worker } = options
  const log = createLog(config.log.level, options.log).child(worker === undefined ? {} : { worker })
  const shared = {
    config: worker === undefined ? config : withoutManagement(config),
    clock,
    random,
    metrics: createMetrics(),
    log,
    limit: createLineLimit(log, 'refusals'),
    failures: createLineLimit(log, 'failures'),
    fetch: createFetch(config.outgoing),
    post: createPost(config.outgoing),
    checks: createPasswordChecks(),
    proxies: trustedProxies(config.proxies.trusted),
    signers: options.signers ?? (async () => []),
    ...(options.development === true && { steps: new StepLog(() => clock.milliseconds()) }),
  }
  return { ...shared, stores: options.stores ?? (await openStores(config, clock)) }
}
