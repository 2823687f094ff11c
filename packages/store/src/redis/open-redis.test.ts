import { createMemoryStore, storeContract, type OpenedStores } from '@signet/engine/testing'
import type { Store } from '@signet/engine'
import { after, before } from 'node:test'
import { openRedis, type RedisDatabase } from './open-redis.ts'
import { startRedis, type RedisServer } from './testing/server.ts'
import { withRedis } from './with-redis.ts'

let server: RedisServer
before(async () => {
  server = await startRedis()
})
after(async () => {
  for (const redis of connected) redis.close()
  await server.stop()
})

/** Those opened again are closed by nobody else. */
const connected: RedisDatabase[] = []

storeContract('Redis and memory', async (clock, limits) => {
  await server.command('FLUSHALL')
  const durable = new Map<string, Store>()
  const memory = {
    store: (issuer: string) => {
      const store = durable.get(issuer) ?? createMemoryStore(clock, limits)
      durable.set(issuer, store)
      return store
    },
    check: () => Promise.resolve(),
    close: () => undefined,
  }
  return opened(memory, () => openRedis({ url: server.url, clock, settling: 0.01 }))
})

type Durable = Parameters<typeof withRedis>[0]

async function opened(durable: Durable, open: () => Promise<RedisDatabase>): Promise<OpenedStores> {
  const redis = await open()
  connected.push(redis)
  const stores = withRedis(durable, redis)
  return {
    store: (issuer) => stores.store(issuer),
    reopen: async () => {
      await stores.close()
      return opened(durable, open)
    },
    close: () => stores.close(),
  }
}
