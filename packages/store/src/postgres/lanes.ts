import { StoreUnavailable } from '@signet/engine'
import type { ClientConfig } from 'pg'
import { unavailable } from './failure.ts'
import { Lane } from './lane.ts'
import type { Answer, Statement, Value } from './statement.ts'

export interface LanesOptions {
  readonly client: ClientConfig
  /** How many connections, at most. */
  readonly connections: number
  /** Whether the server keeps plans by name. */
  readonly prepare: boolean
}

/**
 * The connections of this process. Each takes statements without waiting for the answers to those before; a statement goes
 * where the fewest are under way. With 16 requests in flight that costs a third less CPU than a pool that lends each
 * connection to one statement at a time. More connections are opened while all that are open are busy, because commits
 * of one connection follow each other and those of several wait for the disk together.
 */
export class Lanes {
  readonly #lanes: readonly Lane[]
  readonly #prepare: boolean
  #closed = false

  constructor({ client, connections, prepare }: LanesOptions) {
    this.#lanes = Array.from({ length: connections }, () => new Lane(client, prepare))
    this.#prepare = prepare
  }

  /** Opens a first connection: what does not work at all shows at once. Rejects with what `pg` rejects with. */
  async open(): Promise<void> {
    await this.#choose().connect()
  }

  /** @throws StoreUnavailable, with what the server said; its rows are kept out of it. */
  async ask(statement: Statement, values: readonly Value[]): Promise<Answer> {
    try {
      return await this.send(statement, values)
    } catch (error) {
      throw unavailable(error)
    }
  }

  /** As `ask`, for who has to know what the server refused: rejects with what `pg` rejects with. */
  async send({ name, text }: Statement, values: readonly Value[]): Promise<Answer> {
    if (this.#closed) throw new StoreUnavailable('the store is closed')
    const config = this.#prepare ? { name, text } : { text }
    return this.#choose().query({ ...config, values: [...values] })
  }

  /** Waits for what is under way, and lets go of every connection. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#lanes.map((lane) => lane.close()))
  }

  /**
   * The open lane with the fewest statements under way. No statement waits for a connection as long as there is another one:
   * where the server takes no more of them, the service goes on with those it has.
   */
  #choose(): Lane {
    const [first, ...others] = this.#lanes.filter((lane) => lane.isOpen)
    const rest = this.#lanes.find((lane) => !lane.isOpen)
    if (first === undefined) return rest ?? noLane()
    const best = others.reduce((one, other) => (other.busy < one.busy ? other : one), first)
    if (best.busy > 0) rest?.tryToConnect()
    return best
  }
}

function noLane(): never {
  throw new RangeError('a store needs a connection')
}
