import type { Store } from '@signet/engine'
import type { RedisDatabase } from './open-redis.ts'

/** The durable stores of all services of a process. */
interface Stores {
  store(issuer: string): Store
  check(): Promise<void>
  close(): void | Promise<void>
}

/**
 * The same stores, with everything ephemeral in Redis. A verb of Redis answers when Redis has done it: what is to settle
 * is of the durable store alone.
 */
export function withRedis<Durable extends Stores>(durable: Durable, redis: RedisDatabase): Durable {
  const stores = new Map<string, Store>()
  return {
    ...durable,
    store(issuer) {
      const store = stores.get(issuer) ?? { ...durable.store(issuer), ...redis.ephemeral(issuer) }
      stores.set(issuer, store)
      return store
    },
    check: async () => {
      await Promise.all([durable.check(), redis.check()])
    },
    close() {
      redis.close()
      return durable.close()
    },
  }
}
