import {
  StoreUnavailable,
  UNAUTHENTICATED_KEPT,
  type Clock,
  type Seconds,
  type Store,
} from '@signet/engine'
import { SchemaRefused } from '../schema-refused.ts'
import type { Swept } from '../sweep.ts'
import type { WholeStores } from '../whole.ts'
import { Connection, isOfDatabase } from './connection.ts'
import { migrate } from './migrate.ts'
import { patiently } from './patiently.ts'
import { preparePrivateFile } from './private-file.ts'
import { MIGRATIONS } from './schema.ts'
import { storeOf, type OpenFile } from './store-of.ts'
import { sweepTables } from './sweep.ts'
import { tablesOf } from './tables.ts'

export interface SqliteOptions {
  readonly clock: Clock
  /** How long an audit event is kept. */
  readonly retention: Seconds
  /** How many events that anybody can cause are kept of each service. */
  readonly unauthenticated?: number
}

/** One file that holds the state of any number of services, opened by any number of processes of one machine. */
export interface SqliteDatabase extends WholeStores {
  /**
   * What the service of this issuer remembers; its first use makes it known.
   *
   * @throws StoreUnavailable
   */
  store(issuer: string): Store
  /**
   * Forgets what has ended, at most `budget` rows of each table, and says how many. To be called on a timer, so often that
   * the budget exceeds what ends in between.
   *
   * @throws StoreUnavailable
   */
  sweep(budget: number): Promise<Swept>
  /**
   * Resolves when the file can be written and nothing was lost lately.
   *
   * @throws StoreUnavailable otherwise.
   */
  check(): Promise<void>
  /** Commits what is under way and lets go of the file. What is asked afterwards is refused. */
  close(): void
}

/**
 * Opens the file, or makes it, readable by its owner only.
 *
 * @throws SchemaRefused when the file is not ours, or of a newer release; StoreUnavailable when SQLite cannot use it.
 */
export function openSqlite(path: string, options: SqliteOptions): SqliteDatabase {
  const { clock, retention, unauthenticated = UNAUTHENTICATED_KEPT } = options
  const file = openFile(path, clock)
  const { connection, tables } = file
  const { transactions } = connection
  const stores = new Map<string, Store>()
  const storeFor = (issuer: string): Store => {
    const store = stores.get(issuer) ?? storeOf(file, serviceOf(connection, issuer))
    stores.set(issuer, store)
    return store
  }
  return {
    store: storeFor,
    snapshot: (issuers, read) => {
      const all = issuers.map(storeFor)
      return connection.snapshot(() => read(all))
    },
    transaction: (issuers, work) => {
      const all = issuers.map(storeFor)
      return transactions.whole(() => work(all))
    },
    async sweep(budget) {
      const swept = sweepTables(tables, {
        now: clock.now(),
        retention,
        unauthenticated,
        budget,
      })
      await transactions.settled()
      return swept
    },
    async check() {
      connection.pulse()
      await transactions.settled()
    },
    close: () => connection.close(),
  }
}

/** The file behind a database: prepared, of the newest schema, its statements ready. */
export function openFile(path: string, clock: Clock): OpenFile {
  preparePrivateFile(path)
  try {
    return patiently(() => openPrepared(path, clock))
  } catch (error) {
    throw naming(path, error)
  }
}

function openPrepared(path: string, clock: Clock): OpenFile {
  const connection = new Connection(path)
  try {
    migrate(connection.database, MIGRATIONS)
    connection.configure()
    return { connection, tables: tablesOf(connection, clock), clock }
  } catch (error) {
    connection.close()
    throw error
  }
}

/** Whoever starts a server has to know which file it is about. */
export function naming(path: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const message = `${path}: ${error.message}`
  if (error instanceof SchemaRefused) return new SchemaRefused(message, error.cause)
  return isOfDatabase(error) ? new StoreUnavailable(message, error) : error
}

/** The number that stands for an issuer in every row. */
export function serviceOf(connection: Connection, issuer: string): number {
  const select = connection.prepare('SELECT id FROM services WHERE issuer = ?')
  const known = connection.read(select, issuer)
  if (known !== undefined) return Number(known['id'])
  connection.write(
    connection.prepare('INSERT INTO services (issuer) VALUES (?) ON CONFLICT DO NOTHING'),
    issuer,
  )
  const id = Number(connection.read(select, issuer)?.['id'])
  // A number that is handed out must not be lost with the transaction.
  connection.transactions.commit()
  connection.transactions.check()
  return id
}
