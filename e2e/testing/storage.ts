import { startTestServer } from '@signet/store/postgres-testing'
import { startRedis } from '@signet/store/redis-testing'

/** Where a server of a test keeps its state, in servers of its own. */
export interface Storage {
  /** The setting. */
  readonly store: object
  /** With which options the server is started on it. */
  readonly options: readonly string[]
  stop(): Promise<void>
}

/** A PostgreSQL, whose schema is made by the first start. */
export async function onPostgres(): Promise<Storage> {
  const postgres = await startTestServer({ fsync: false })
  return {
    store: { postgres: await postgres.createDatabase() },
    options: ['--migrate'],
    stop: () => postgres.dispose(),
  }
}

/** The same with a Redis. @param options with which the server is started, too */
export async function onPostgresAndRedis(...options: readonly string[]): Promise<Storage> {
  const [postgres, redis] = await Promise.all([onPostgres(), startRedis()])
  return {
    store: { ...postgres.store, redis: redis.url },
    options: [...postgres.options, ...options],
    stop: async () => {
      await redis.stop()
      await postgres.stop()
    },
  }
}
