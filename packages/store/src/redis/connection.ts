import { StoreUnavailable, type Seconds } from '@signet/engine'
import { createHash } from 'node:crypto'
import { ClientOfflineError } from 'redis'
import { RedisRefused, targetOf, type RedisAddress, type Target } from './address.ts'
import { standingOf, type Standing } from './standing.ts'
import {
  connectCluster,
  connectServer,
  type Command,
  type Node,
  type Wire,
  type WireOptions,
} from './wire.ts'

const DEFAULT_TIMEOUT: Seconds = 1

/** A program for Redis, which runs it as a whole or not at all. */
export interface Script {
  readonly text: string
  readonly sha: string
}

export function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

/** One server on one connection: what is sent through it is refused once the connection is another. */
export interface Acquaintance {
  /** That of the server, and which of its databases it is about. */
  readonly life: string
  readonly isCurrent: boolean
  send(command: Command): Promise<unknown>
}

/**
 * Everything this process asks of Redis goes through here. What is not answered in time was perhaps done, perhaps not:
 * the caller learns neither, only that it failed. Nothing is ever sent twice.
 */
export class Connection {
  /** Whether keys that have nothing in common may lie on different servers. */
  readonly isCluster: boolean
  readonly #wire: Wire
  readonly #timeout: number
  readonly #database: number
  readonly #listeners: (() => void)[] = []
  #isClosed = false
  readonly #looks = new WeakMap<Node, { readonly epoch: number; readonly at: Promise<Standing> }>()

  private constructor(wire: Wire, { target, timeout }: WireOptions, isCluster: boolean) {
    this.isCluster = isCluster
    this.#wire = wire
    this.#timeout = timeout
    this.#database = target.database
    wire.onReady(() => {
      for (const listener of this.#listeners) listener()
    })
  }

  /**
   * @throws RedisRefused when the server is not set up as it must be; StoreUnavailable when it cannot be asked now.
   */
  static async open(address: RedisAddress): Promise<Connection> {
    const timeout = Math.ceil((address.timeout ?? DEFAULT_TIMEOUT) * 1_000)
    const options = { target: targetOf(address), timeout }
    let wire: Wire | undefined
    try {
      wire = await connectServer(options)
      const connection = new Connection(wire, options, false)
      const { isCluster } = await connection.#look('')
      if (!isCluster) return connection
      wire.close()
      wire = await connectCluster(options)
      return new Connection(wire, options, true)
    } catch (error) {
      wire?.close()
      throw naming(options.target, error)
    }
  }

  /** @throws StoreUnavailable whenever the command was not certainly done. */
  async ask(key: string, ...command: Command): Promise<unknown> {
    return this.#bounded(key, async (node, stillWanted) => {
      await this.#inspected(node)
      stillWanted()
      return this.#wire.send(key, command)
    })
  }

  /** Runs a script; its keys must live together. */
  async run(
    { sha, text }: Script,
    keys: readonly [string, ...string[]],
    values: readonly string[],
  ): Promise<unknown> {
    const rest = [`${keys.length}`, ...keys, ...values]
    try {
      return await this.ask(keys[0], 'EVALSHA', sha, ...rest)
    } catch (error) {
      // It was not run.
      if (!isUnknownScript(error)) throw error
      return this.ask(keys[0], 'EVAL', text, ...rest)
    }
  }

  /** Gets to know the server that has this key now. */
  async meet(key: string): Promise<Acquaintance> {
    return this.#bounded(key, async (node) => {
      const epoch = node.socketEpoch
      const { life } = await read(node)
      return {
        life: `${life} ${this.#database}`,
        get isCurrent() {
          return node.isReady && node.socketEpoch === epoch
        },
        send: async (command) =>
          this.#bounded(key, async (now) => {
            if (now !== node || node.socketEpoch !== epoch) throw new Error('another connection')
            return node.sendCommand(command)
          }),
      }
    })
  }

  /**
   * Resolves when the servers of all these keys can be written and are set up as they must be.
   *
   * @throws StoreUnavailable otherwise.
   */
  async check(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      await this.#look(key)
      await this.ask(key, 'SET', key, '1', 'PX', '1000')
    }
  }

  /** Says whenever a connection to some server was made. */
  onReady(listener: () => void): void {
    this.#listeners.push(listener)
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  close(): void {
    this.#isClosed = true
    this.#wire.close()
  }

  async #look(key: string): Promise<Standing> {
    return this.#bounded(key, (node) => {
      this.#looks.delete(node)
      return this.#inspected(node)
    })
  }

  /** A server is looked at once on each connection, and until it may be used. */
  #inspected(node: Node): Promise<Standing> {
    const known = this.#looks.get(node)
    const epoch = node.socketEpoch
    if (known?.epoch === epoch) return known.at
    const look = { epoch, at: read(node) }
    this.#looks.set(node, look)
    look.at.catch(() => {
      if (this.#looks.get(node) === look) this.#looks.delete(node)
    })
    return look.at
  }

  async #bounded<Answer>(
    key: string,
    ask: (node: Node, stillWanted: () => void) => Promise<Answer>,
  ): Promise<Answer> {
    let isLate = false
    let restart: (() => void) | undefined
    const stillWanted = (): void => {
      if (isLate) throw new TimedOut('nobody waits any more')
    }
    const answer = this.#wire.nodeOf(key).then((node) => {
      restart = restarting(node)
      return ask(node, stillWanted)
    })
    try {
      return await within(this.#timeout, answer)
    } catch (error) {
      isLate = true
      if (error instanceof TimedOut) restart?.()
      throw unavailable(error, this.#wire.trouble)
    }
  }
}

class TimedOut extends Error {
  override readonly name = 'TimedOut'
}

async function read(node: Node): Promise<Standing> {
  return standingOf(String(await node.sendCommand(['INFO'])))
}

/** Whoever does not answer one does not answer the others on this connection either: they are refused at once. */
function restarting(node: Node): () => void {
  const epoch = node.socketEpoch
  return () => {
    if (!node.isReady || node.socketEpoch !== epoch) return
    node.destroy()
    node.connect().catch(() => undefined)
  }
}

async function within<Answer>(milliseconds: number, answer: Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined
  const end = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new TimedOut(`Redis did not answer within ${milliseconds} ms`)),
      milliseconds,
    )
  })
  try {
    return await Promise.race([answer, end])
  } finally {
    clearTimeout(timer)
  }
}

function unavailable(error: unknown, trouble?: unknown): StoreUnavailable {
  if (error instanceof StoreUnavailable) return error
  if (error instanceof RedisRefused) return new StoreUnavailable(error.message, error)
  // What happened to the connection says more than that there is none.
  const cause = error instanceof ClientOfflineError ? (trouble ?? error) : error
  return new StoreUnavailable('Redis failed', cause)
}

/** Whoever starts a server has to know which Redis it is about, and what is wrong with it. */
function naming({ socket: { host, port } }: Target, error: unknown): Error {
  const deepest = error instanceof StoreUnavailable ? (error.cause ?? error) : error
  const reason = deepest instanceof Error ? deepest.message : String(deepest)
  const message = `Redis at ${host}:${port}: ${reason}`
  return deepest instanceof RedisRefused
    ? new RedisRefused(message)
    : new StoreUnavailable(message, error)
}

/** Whether this server has not been told the script, and therefore did nothing. */
export function isUnknownScript(error: unknown): boolean {
  return (
    error instanceof StoreUnavailable &&
    error.cause instanceof Error &&
    error.cause.message.startsWith('NOSCRIPT')
  )
}
