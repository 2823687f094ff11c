import type { Clock, Store } from '@signet/engine'
import { openSqlite } from '@signet/store/sqlite'
import type { Config } from '../config/config.ts'

/** The state of all services of a process. */
export interface Stores {
  store(issuer: string): Store
  /** Forgets what has ended, at most `budget` rows of each table, and says how many of which. */
  sweep(budget: number): Promise<Readonly<Record<string, number>>>
  /** @throws StoreUnavailable when nothing can be kept now. */
  check(): Promise<void>
  close(): void
}

/** Opens what the configuration names. */
export async function openStores({ store, audit }: Config, clock: Clock): Promise<Stores> {
  if ('memory' in store) return memoryStores(clock, audit)
  const database = openSqlite(store.sqlite, { clock, ...audit })
  return {
    store: (issuer) => database.store(issuer),
    sweep: async (budget) => ({ ...(await database.sweep(budget)) }),
    check: () => database.check(),
    close: () => database.close(),
  }
}

/** For tests and the bench; loaded only there. */
async function memoryStores(clock: Clock, audit: Config['audit']): Promise<Stores> {
  const { createMemoryStore } = await import('@signet/engine/memory-store')
  const stores = new Map<string, Store>()
  return {
    store: (issuer) => {
      const store = stores.get(issuer) ?? {
        ...createMemoryStore(clock, audit),
        settled: endOfTurn(),
      }
      stores.set(issuer, store)
      return store
    },
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
