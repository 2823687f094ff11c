import { createMemoryStore, fixedClock } from '@signet/engine/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RedisDatabase } from './open-redis.ts'
import { withRedis } from './with-redis.ts'

function pair(calls: string[], failing?: string) {
  const step = async (name: string): Promise<void> => {
    calls.push(name)
    if (name === failing) throw new Error(name)
  }
  const { pushedRequests, interactions, codes, replay, attempts } = createMemoryStore(fixedClock())
  const ephemeral = { pushedRequests, interactions, codes, replay, attempts }
  const redis: RedisDatabase = {
    ephemeral: () => ephemeral,
    check: () => step('redis checked'),
    close: () => void calls.push('redis closed'),
  }
  const durable = {
    store: (_issuer: string) => ({
      ...createMemoryStore(fixedClock()),
      settled: () => step('durable settled'),
    }),
    sweep: () => Promise.resolve({ grants: 3 }),
    check: () => step('durable checked'),
    close: () => void calls.push('durable closed'),
  }
  return { stores: withRedis(durable, redis), ephemeral }
}

test('what is ephemeral is in Redis, all else in the durable store, always the same', () => {
  const { stores, ephemeral } = pair([])
  const store = stores.store('https://as.example')
  for (const name of ['pushedRequests', 'interactions', 'codes', 'replay', 'attempts'] as const) {
    assert.equal(store[name], ephemeral[name])
  }
  assert.equal(stores.store('https://as.example'), store)
  assert.notEqual(stores.store('https://as.example/other').grants, store.grants)
})

test('both have to be well, the durable one settles and is swept, and both are closed', async () => {
  const calls: string[] = []
  const { stores } = pair(calls)
  await stores.check()
  await stores.store('https://as.example').settled()
  assert.deepEqual(await stores.sweep(), { grants: 3 })
  stores.close()
  assert.deepEqual(calls.toSorted(), [
    'durable checked',
    'durable closed',
    'durable settled',
    'redis checked',
    'redis closed',
  ])
  for (const failing of ['durable checked', 'redis checked']) {
    await assert.rejects(pair([], failing).stores.check(), { message: failing })
  }
})
