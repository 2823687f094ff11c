/**
 * Prints the CPU of this process, not that of the server, that the ephemeral part of a whole flow costs in a Redis of its own,
 * and how many flows a second are done while both share the machine; the rest of the flow is kept in memory:
 *
 *     node --conditions=source packages/store/src/redis/testing/measure.ts [prefilled flows]
 */
import { createMemoryStore, fixedClock } from '@signet/engine/testing'
import { measure } from '../../testing/measure.ts'
import { openRedis } from '../index.ts'
import { startRedis } from './server.ts'

const prefilled = Number(process.argv[2] ?? 0)
const clock = fixedClock()
for (const appendfsync of ['everysec', 'always']) {
  const server = await startRedis({ appendfsync })
  try {
    const redis = await openRedis({ url: server.url, clock, settling: 0.1 })
    const store = { ...createMemoryStore(clock), ...redis.ephemeral('https://as.example') }
    await measure(`redis, appendfsync ${appendfsync}`, store, prefilled)
    redis.close()
  } finally {
    await server.stop()
  }
}
