import { StoreUnavailable, type Seconds } from '@signet/engine'
import { Client, type ClientConfig } from 'pg'
import { SchemaRefused } from '../schema-refused.ts'
import { messageOf, unavailable } from './failure.ts'
import type { LanesOptions } from './lanes.ts'

/** Where a database is, and how it is talked to. */
export interface PostgresConnection {
  /**
   * `postgres://user@host:5432/database?sslmode=verify-full`, or what a client of `pg` takes. Without `sslmode`, or `ssl`,
   * nothing protects what goes there.
   */
  readonly server: string | ClientConfig
  /** How many connections of this process, at most. With two or more one is for what takes long. */
  readonly connections?: number | undefined
  /**
   * Whether the server keeps the plans of statements by name. Has to be false behind PgBouncer, or another pooler: it hands
   * a statement to a connection that does not know the name, or knows it of somebody else.
   */
  readonly prepare?: boolean | undefined
  /** How long to wait for a connection. */
  readonly connectTimeout?: Seconds | undefined
  /** How long to wait for an answer. */
  readonly answerTimeout?: Seconds | undefined
}

const CONNECTIONS = 10
const CONNECT_TIMEOUT: Seconds = 3
const ANSWER_TIMEOUT: Seconds = 5

/** The connections a store takes, with what a client of `pg` needs. */
export function lanesOptions(connection: PostgresConnection): LanesOptions {
  const { prepare = true, connections = CONNECTIONS, answerTimeout = ANSWER_TIMEOUT } = connection
  return {
    prepare,
    connections,
    client: {
      ...clientConfig(connection),
      query_timeout: answerTimeout * 1_000,
      // PgBouncer knows no such parameter. Where there is none, the server gives up before we do.
      ...(prepare && { statement_timeout: Math.ceil(answerTimeout * 900) }),
    },
  }
}

/** Begins what follows in a transaction: what it holds is let go when its machine has vanished without a word. */
export const LET_GO_WHEN_GONE = "SET LOCAL idle_in_transaction_session_timeout = '1min'"

/** Does something on a connection of its own, which waits as long as it takes. */
export async function withClient<Result>(
  connection: PostgresConnection,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = new Client(clientConfig(connection))
  // Whoever waits for an answer is told by it; there must be somebody to hear of the rest.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await work(client)
  } catch (error) {
    throw naming(client, error)
  } finally {
    await farewell(client)
  }
}

/** How long a server may take to hear that somebody goes. */
const FAREWELL_MILLISECONDS = 1_000

/**
 * Lets go of a connection when all on it is answered. A server that says nothing any more keeps nobody from going.
 *
 * @param underWay how long what is under way may take, in milliseconds
 */
export async function farewell(client: Client, underWay: number = 0): Promise<void> {
  const silent = setTimeout(
    () => client.connection.stream.destroy(),
    underWay + FAREWELL_MILLISECONDS,
  )
  await client.end().catch(() => undefined)
  clearTimeout(silent)
}

function clientConfig({
  server,
  connectTimeout = CONNECT_TIMEOUT,
}: PostgresConnection): ClientConfig {
  return {
    ...(typeof server === 'string' ? { connectionString: server } : server),
    application_name: 'signet',
    // A statement is sent without waiting for the answers to those before.
    pipeline: true,
    // A peer that is gone without a word is noticed in seconds, not in hours.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: connectTimeout * 1_000,
  }
}

/** Whoever starts a server has to know which database it is about. */
function naming({ host, port, database }: Client, error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const message = `PostgreSQL at ${host}:${port}, database ${database ?? ''}: ${messageOf(error)}`
  if (error instanceof SchemaRefused) return new SchemaRefused(message, error.cause)
  return new StoreUnavailable(message, unavailable(error).cause)
}
