import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Store } from '../store/store.ts'
import { fixedClock } from './clock.ts'
import { createMemoryStore } from './memory-store.ts'
import { ExpiringMap } from './memory/expiring-map.ts'
import { storeContract } from './store-contract.ts'

storeContract('memory store', async (clock, limits) => {
  const stores = new Map<string, Store>()
  return {
    store: (issuer) => {
      const store = stores.get(issuer) ?? createMemoryStore(clock, limits)
      stores.set(issuer, store)
      return store
    },
    close: () => stores.clear(),
  }
})

test('forgets what has ended while new rows come, however many come', () => {
  const clock = fixedClock()
  const rows = new ExpiringMap<number>(clock, (ends) => ends)
  rows.set('lasting', clock.now() + 1_000_000)
  for (let count = 0; count < 10_000; count += 1) {
    rows.set(`row ${count}`, clock.now() + 60)
    clock.advance(1)
  }
  assert.ok(rows.size < 250, `${rows.size} rows are left`)
  assert.notEqual(rows.get('lasting'), undefined)
})
