import { storeContract } from '@signet/engine/testing'
import { after, before } from 'node:test'
import { openRedis } from './open-redis.ts'
import { startRedis, type RedisServer } from './testing/server.ts'
import { sharingStores } from './testing/sharing-stores.ts'

let server: RedisServer
const stores = sharingStores((clock) => openRedis({ url: server.url, clock, settling: 0.01 }))

before(async () => {
  server = await startRedis()
})
after(async () => {
  await stores.close()
  await server.stop()
})

storeContract('Redis and memory', (clock, limits) => stores.open(clock, limits))
