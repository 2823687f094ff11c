import type { SessionStore } from '@signet/bff'
import { openSqliteSessions } from '@signet/store/bff-sqlite'
import { postgresConnection, redisAddress } from '../adapters/stores.ts'
import type { BffConfig } from './config.ts'

/** Where sessions are kept, opened. */
export interface OpenedSessions extends SessionStore {
  close(): void | Promise<void>
}

/**
 * Opens what the configuration names.
 *
 * @throws SchemaRefused, RedisRefused, StoreUnavailable
 */
export async function openSessions({ store, options }: BffConfig): Promise<OpenedSessions> {
  if ('postgres' in store) {
    const { openPostgresSessions } = await import('@signet/store/bff-postgres')
    return openPostgresSessions(postgresConnection(store.postgres))
  }
  if ('redis' in store) {
    const { openRedisSessions } = await import('@signet/store/bff-redis')
    // Several processes of one client share their sessions, and share them with no other client.
    const name = JSON.stringify([options.issuer, options.client.client_id])
    return openRedisSessions({ ...redisAddress(store.redis), name })
  }
  return openSqliteSessions(store.sqlite)
}
