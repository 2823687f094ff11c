import type { Clock, Store } from '@signet/engine'
import {
  createMemoryStore,
  fixedClock,
  type OpenedStores,
  type OpenStores,
} from '@signet/engine/testing'
import type { RedisDatabase } from '../open-redis.ts'
import { withRedis } from '../with-redis.ts'

/** For the contract: Redis, and memory for what lasts. */
export interface SharingStores {
  readonly open: OpenStores
  close(): Promise<void>
}

/**
 * Making a connection takes longer than most tests of the contract: they share one, and each has services of its own. Only
 * one that wants to open its stores again gets another.
 */
export function sharingStores(connect: (clock: Clock) => Promise<RedisDatabase>): SharingStores {
  let current: Clock = fixedClock()
  const clock = { now: () => current.now(), milliseconds: () => current.milliseconds() }
  const connections: Promise<RedisDatabase>[] = []
  let count = 0

  const connected = (again: boolean): Promise<RedisDatabase> => {
    const known = again ? undefined : connections[0]
    if (known !== undefined) return known
    const connection = connect(clock)
    connections.push(connection)
    return connection
  }
  const stores = async (durable: Durable, test: number, again: boolean): Promise<OpenedStores> => {
    const redis = await connected(again)
    const both = withRedis(durable, {
      ephemeral: (issuer) => redis.ephemeral(`${issuer} ${test}`),
      check: () => redis.check(),
      close: () => undefined,
    })
    return {
      store: (issuer) => both.store(issuer),
      reopen: () => stores(durable, test, true),
      close: () => undefined,
    }
  }
  return {
    open: (own, limits) => {
      current = own
      count += 1
      return stores(inMemory(own, limits), count, false)
    },
    close: async () => {
      for (const connection of connections) (await connection).close()
    },
  }
}

type Durable = Parameters<typeof withRedis>[0]

function inMemory(clock: Clock, limits: Parameters<OpenStores>[1]): Durable {
  const stores = new Map<string, Store>()
  return {
    store: (issuer) => {
      const store = stores.get(issuer) ?? createMemoryStore(clock, limits)
      stores.set(issuer, store)
      return store
    },
    check: () => Promise.resolve(),
    close: () => undefined,
  }
}
