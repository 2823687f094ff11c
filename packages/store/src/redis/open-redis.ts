import type { Clock, Seconds } from '@signet/engine'
import type { RedisAddress } from './address.ts'
import { Connection } from './connection.ts'
import { Decisions } from './decisions.ts'
import { ephemeralOf, type EphemeralStore } from './ephemeral.ts'
import { Keys } from './keys.ts'

/** Every process says within this time again what may be lost: it connects anew twice a second, and has little to say. */
export const SETTLING: Seconds = 3

export interface RedisOptions extends RedisAddress {
  readonly clock: Clock
  /**
   * How long nothing is decided after Redis restarted or failed over, so that every process can say again what it decided
   * lately: the same for all of them, 3 s by default.
   */
  readonly settling?: Seconds | undefined
}

/** One Redis, or a cluster, that holds what of the state of any number of services may be lost. */
export interface RedisDatabase {
  /** What the service of this issuer remembers for a while; to be completed by a durable store. @see withRedis */
  ephemeral(issuer: string): EphemeralStore
  /**
   * Resolves when what is written would be kept, for all services asked for so far.
   *
   * @throws StoreUnavailable otherwise.
   */
  check(): Promise<void>
  /** Lets go of all connections. What is asked afterwards is refused. */
  close(): void
}

/**
 * Connects, and again by itself whenever that breaks.
 *
 * @throws RedisRefused when Redis is set up so that it forgets what must not be forgotten; StoreUnavailable when it cannot
 *   be asked now.
 */
export async function openRedis(options: RedisOptions): Promise<RedisDatabase> {
  const { clock, settling = SETTLING } = options
  const connection = await Connection.open(options)
  const services = new Map<string, { readonly keys: Keys; readonly store: EphemeralStore }>()
  return {
    ephemeral(issuer) {
      const known = services.get(issuer)
      if (known !== undefined) return known.store
      const keys = new Keys('service', issuer)
      const decisions = new Decisions({ connection, keys, settling })
      const store = ephemeralOf({ connection, keys, decisions, clock })
      services.set(issuer, { keys, store })
      return store
    },
    check: async () => {
      const probes = [...services.values()].map(({ keys }) => keys.of('check'))
      await connection.check(probes.length > 0 ? probes : ['signet:check'])
    },
    close: () => connection.close(),
  }
}
