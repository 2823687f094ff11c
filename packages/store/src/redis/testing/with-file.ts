import type { Store } from '@signet/engine'
import { fixedClock } from '@signet/engine/testing'
import { openSqlite } from '../../sqlite/index.ts'
import { ISSUER } from '../../testing/contestant.ts'
import { openRedis } from '../open-redis.ts'
import { withRedis } from '../with-redis.ts'

/** Opens a file for what lasts and a Redis for the rest, at a place like `file redis://…`. */
export async function openWithFile(
  place: string,
): Promise<{ readonly store: Store; close(): void | Promise<void> }> {
  const [path = '', url = ''] = place.split(' ')
  const clock = fixedClock()
  const redis = await openRedis({ url, clock, settling: 0.1 })
  const stores = withRedis(openSqlite(path, { clock, retention: 86_400 }), redis)
  return { store: stores.store(ISSUER), close: () => stores.close() }
}
