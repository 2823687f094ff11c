import { UNAUTHENTICATED_KEPT, type Clock, type Seconds, type Store } from '@signet/engine'
import type { Swept } from '../sweep.ts'
import type { WholeStores } from '../whole.ts'
import { openLanes, type OpeningOptions } from './open-lanes.ts'
import { SIGNET } from './schema.ts'
import type { Statement } from './statement.ts'
import { storeOf } from './store-of.ts'
import { sweepTables } from './sweep.ts'
import { wholeStores } from './whole.ts'

export interface PostgresOptions extends OpeningOptions {
  readonly clock: Clock
  /** How long an audit event is kept. */
  readonly retention: Seconds
  /** How many events that anybody can cause are kept of each service. */
  readonly unauthenticated?: number
}

/** One database that holds the state of any number of services, opened by any number of processes. */
export interface PostgresDatabase extends WholeStores {
  /** What the service of this issuer remembers; its first use makes it known. */
  store(issuer: string): Store
  /**
   * Forgets what has ended, at most `budget` rows of each table, and says how many. To be called on a timer, so often that
   * the budget exceeds what ends in between; several processes may do so at once.
   *
   * @throws StoreUnavailable
   */
  sweep(budget: number): Promise<Swept>
  /**
   * Resolves when something could be committed.
   *
   * @throws StoreUnavailable otherwise.
   */
  check(): Promise<void>
  /** Waits for what is under way and lets go of the connections. What is asked afterwards is refused. */
  close(): Promise<void>
}

const PULSE: Statement = {
  name: 'pulse',
  text: `
    INSERT INTO signet.pulse (id, at) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET at = excluded.at`,
}

/**
 * Opens the database.
 *
 * @throws SchemaRefused when its schema is not ours, too old, or of a newer release that took away what this one needs;
 * StoreUnavailable when it cannot be reached.
 */
export async function openPostgres(options: PostgresOptions): Promise<PostgresDatabase> {
  const { clock, retention, unauthenticated = UNAUTHENTICATED_KEPT } = options
  const lanes = await openLanes(options, { schema: SIGNET, now: clock.now() })
  const stores = new Map<string, Store>()
  return {
    ...wholeStores(options, clock),
    store(issuer) {
      const store = stores.get(issuer) ?? storeOf(issuer, { lanes, clock })
      stores.set(issuer, store)
      return store
    },
    sweep: (budget) => sweepTables(lanes, { now: clock.now(), retention, unauthenticated, budget }),
    check: async () => void (await lanes.ask(PULSE, [clock.now()])),
    close: () => lanes.close(),
  }
}
