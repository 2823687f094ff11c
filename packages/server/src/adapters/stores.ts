import type { Clock, Store } from '@signet/engine'
import type { PostgresConnection } from '@signet/store/postgres'
import type { RedisAddress, RedisDatabase } from '@signet/store/redis'
import { openSqlite, type Swept, type WholeStores } from '@signet/store/sqlite'
import { asksForTls, withoutTlsMode } from '../config/addresses.ts'
import type { Config, PostgresConfig, RedisConfig } from '../config/config.ts'

/** The state of all services of a process. */
export interface Stores extends WholeStores {
  store(issuer: string): Store
  /** Forgets what has ended, at most `budget` rows of each table, and says how many of which. */
  sweep(budget: number): Promise<Swept>
  /** @throws StoreUnavailable when nothing can be kept now. */
  check(): Promise<void>
  close(): void | Promise<void>
}

/** What lasts of the state of a service, wherever the rest is. */
export type LastingStore = Omit<Store, keyof ReturnType<RedisDatabase['ephemeral']>>

/**
 * Opens everything the configuration names.
 *
 * @throws SchemaRefused, RedisRefused, StoreUnavailable: nothing stays open then.
 */
export async function openStores(config: Config, clock: Clock): Promise<Stores> {
  const durable = await openDurable(config, clock)
  const { redis } = config.store
  if (redis === undefined) return durable
  try {
    const { openRedis, withRedis } = await import('@signet/store/redis')
    return withRedis(durable, await openRedis({ ...redisAddress(redis), clock }))
  } catch (error) {
    await durable.close()
    throw error
  }
}

/**
 * Opens the place of what lasts, whether or not there is a Redis. Whoever asks it for what is of a moment would find nothing:
 * to be used as a `LastingStore`.
 *
 * @throws SchemaRefused, StoreUnavailable
 */
export async function openDurable({ store, audit }: Config, clock: Clock): Promise<Stores> {
  if ('memory' in store) return memoryStores(clock, audit)
  if ('postgres' in store) {
    const { openPostgres } = await import('@signet/store/postgres')
    return openPostgres({ ...postgresConnection(store.postgres), ...audit, clock })
  }
  return openSqlite(store.sqlite, { clock, ...audit })
}

/** How a PostgreSQL is reached. */
export function postgresConnection(config: PostgresConfig): PostgresConnection {
  const { url, connections, preparedStatements: prepare, trustedCas } = config
  const ssl = trustedCas && asksForTls(url) && { ca: [...trustedCas] }
  const server = ssl ? { connectionString: withoutTlsMode(url), ssl } : url
  return { server, connections, prepare }
}

/** How a Redis is reached. */
export function redisAddress({ url, trustedCas }: RedisConfig): RedisAddress {
  return trustedCas && url.startsWith('rediss:')
    ? { url, tls: { ca: trustedCas.join('\n') } }
    : { url }
}

/** For tests and the bench; loaded only there. */
async function memoryStores(clock: Clock, audit: Config['audit']): Promise<Stores> {
  const { createMemoryStore } = await import('@signet/engine/memory-store')
  const stores = new Map<string, Store>()
  const storeFor = (issuer: string): Store => {
    const store = stores.get(issuer) ?? {
      ...createMemoryStore(clock, audit),
      settled: endOfTurn(),
    }
    stores.set(issuer, store)
    return store
  }
  return {
    store: storeFor,
    snapshot: (issuers, read) => read(issuers.map(storeFor)),
    transaction: (issuers, work) => work(issuers.map(storeFor)),
    sweep: () => Promise.resolve({}),
    check: () => Promise.resolve(),
    close: () => stores.clear(),
  }
}

/**
 * Resolves when the event loop has done this turn, as the group commit of a database would: answers then leave together,
 * and the callers are woken once instead of one by one, which costs a good part of an answer.
 */
function endOfTurn(): () => Promise<void> {
  let turn: Promise<void> | undefined
  return () => {
    turn ??= new Promise((resolve) => {
      setImmediate(() => {
        turn = undefined
        resolve()
      })
    })
    return turn
  }
}
