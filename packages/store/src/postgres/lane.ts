import { performance } from 'node:perf_hooks'
import { Client, type ClientConfig, type QueryConfig } from 'pg'
import { farewell } from './connection.ts'
import { stateOf, WITHOUT_NAMES } from './failure.ts'
import type { Answer, Row } from './statement.ts'

/** How long a lane that is not needed at once waits after a connection was refused. */
const REST_MILLISECONDS = 1_000

/**
 * The server must be one that keeps what it acknowledges, and answers with what is true. A standby may lag behind, and not know of
 * a revocation; without `synchronous_commit` a crash would bring back what was used.
 */
const EXPECTED = {
  recovering: { is: 'off', otherwise: 'the server is a standby: name the primary' },
  synchronous: {
    is: 'on',
    otherwise: 'synchronous_commit is off: a crash would lose what was acknowledged',
  },
  encoding: { is: 'UTF8', otherwise: 'the encoding of the database is not UTF8' },
} as const

const INSPECTION = `
  SELECT CASE WHEN pg_is_in_recovery() THEN 'on' ELSE 'off' END AS recovering,
    CASE current_setting('synchronous_commit') WHEN 'off' THEN 'off' ELSE 'on' END AS synchronous,
    current_setting('server_encoding') AS encoding,
    pg_backend_pid() AS process`

/**
 * The server keeps one plan for all values. One that was made while a table was empty would read it from end to end, until
 * the server looks at the table again; this makes it take an index wherever there is one. And what was expected of commits
 * stays so, whatever the server is told later for everybody.
 */
const SETTINGS = `
  SELECT set_config('enable_seqscan', 'off', false),
    set_config('synchronous_commit', current_setting('synchronous_commit'), false)`

/** The server does not know a statement any more, or its plan does not fit the schema any more: on this connection it never will. */
const PLAN_IS_LOST: ReadonlySet<string> = new Set(['26000', '0A000'])

/** One connection, which comes back by itself. */
export class Lane {
  readonly #config: ClientConfig
  readonly #prepare: boolean
  #client: Client | undefined
  #connecting: Promise<Client> | undefined
  #restsUntil = 0
  /** How many statements are under way. */
  busy = 0

  constructor(config: ClientConfig, prepare: boolean) {
    this.#config = config
    this.#prepare = prepare
  }

  get isOpen(): boolean {
    return this.#client !== undefined
  }

  async query(config: QueryConfig<unknown[]>): Promise<Answer> {
    this.busy += 1
    try {
      const client = this.#client ?? (await this.connect())
      const { rows, rowCount } = await client.query<Row>(config)
      return { rows, count: rowCount ?? 0 }
    } catch (error) {
      if (PLAN_IS_LOST.has(stateOf(error) ?? '')) this.#leave()
      throw error
    } finally {
      this.busy -= 1
    }
  }

  /** Connects, if it can, for statements to come. */
  async tryToConnect(): Promise<void> {
    if (this.isOpen || performance.now() < this.#restsUntil) return
    try {
      await this.connect()
    } catch {
      this.#restsUntil = performance.now() + REST_MILLISECONDS
    }
  }

  async close(): Promise<void> {
    await this.#connecting?.catch(() => undefined)
    if (this.#client !== undefined) await this.#goFrom(this.#client)
  }

  /** Rejects with what `pg` rejects with, or saying why the server cannot be trusted. */
  connect(): Promise<Client> {
    this.#connecting ??= this.#begin().finally(() => {
      this.#connecting = undefined
    })
    return this.#connecting
  }

  /** Statements to come take a new connection; those under way are answered on this one. */
  #leave(): void {
    if (this.#client !== undefined) void this.#goFrom(this.#client)
    this.#client = undefined
  }

  #goFrom(client: Client): Promise<void> {
    return farewell(client, this.#config.query_timeout)
  }

  async #begin(): Promise<Client> {
    const client = new Client(this.#config)
    const forget = (): void => {
      if (this.#client === client) this.#client = undefined
    }
    // Whoever waits for an answer is told by it; there must be somebody to hear of the rest.
    client.on('error', forget)
    client.on('end', forget)
    try {
      await client.connect()
      await inspect(client, this.#prepare)
      if (this.#prepare) await client.query(SETTINGS)
    } catch (error) {
      void this.#goFrom(client)
      throw error
    }
    this.#client = client
    return client
  }
}

async function inspect(client: Client, prepare: boolean): Promise<void> {
  const { rows } = await client.query<Row>(INSPECTION)
  for (const [name, { is, otherwise }] of Object.entries(EXPECTED)) {
    if (rows[0]?.[name] !== is) throw new Error(otherwise)
  }
  // Under a name that another client has given, another statement may be found there, of another release.
  const isPooled = 'processID' in client && client.processID !== rows[0]?.['process']
  if (prepare && isPooled)
    throw new Error(`somebody else answers than was connected: ${WITHOUT_NAMES}`)
}
