import { StoreUnavailable, type Mark, type Seconds } from '@signet/engine'
import { setTimeout as delay } from 'node:timers/promises'
import { isUnknownScript, script, type Acquaintance, type Connection } from './connection.ts'
import { DECIDE } from './decide.ts'
import { keptFor, type Keys } from './keys.ts'
import { Recollection, type Trace } from './recollection.ts'

/** How many commands go out together when a process says again what it decided. */
const TOGETHER = 500

export interface DecisionsOptions {
  readonly connection: Connection
  readonly keys: Keys
  /** How long nobody decides when Redis begins a new life. */
  readonly settling: Seconds
}

interface Answer {
  readonly outcome: string
  readonly number: number
}

/** A life of Redis: the script that only it knows, and the connection on which it was met. */
interface Life {
  readonly sha: string
  readonly server: Acquaintance
}

/** How long to wait before trying again to meet a server, which may be loading its data. */
const PAUSE_MILLISECONDS = 100

/**
 * What one of many callers may do: use a statement, redeem a code, end a request.
 *
 * A Redis that restarts, or whose replica takes over, may have lost its last second, and a decision with it. So decisions
 * are made by a script that bears the name of the server's life, and that only this life knows: a server that does not know
 * it has begun a new one. Whoever meets a new life first has it refuse all decisions for a while, in which every process
 * says again what it decided lately; a process does so whenever its connection is made anew.
 */
export class Decisions {
  readonly #connection: Connection
  readonly #keys: Keys
  /** The key that is there while nobody decides. */
  readonly #settlingKey: string
  readonly #settling: number
  readonly #recollection = new Recollection()
  #life: Life | undefined
  #opened: Promise<void> | undefined
  #isRecovering = false

  constructor({ connection, keys, settling }: DecisionsOptions) {
    this.#connection = connection
    this.#keys = keys
    // One for all who use the database; in a cluster a script sees only what lies in one slot.
    this.#settlingKey = connection.isCluster ? keys.of('settling') : 'signet:settling'
    this.#settling = Math.ceil(settling * 1_000)
    connection.onReady(() => {
      if (this.#opened !== undefined) void this.#recover()
    })
  }

  /** Marks all, or none, and answers the first that was marked before. */
  async mark(marks: readonly Mark[], now: Seconds): Promise<Mark | undefined> {
    if (marks.length === 0) return undefined
    const repeated = marks.find(
      ({ digest }, index) => marks.findIndex((mark) => mark.digest === digest) < index,
    )
    if (repeated !== undefined) return repeated
    const traces = marks.map(({ digest, until }) => ({
      key: this.#keys.of('mark', digest),
      value: `${until}`,
      milliseconds: Number(keptFor(until, now)),
    }))
    const { outcome, number } = await this.#decide(
      traces.map(({ key }) => key),
      [
        'mark',
        `${now}`,
        ...traces.flatMap(({ value, milliseconds }) => [value, `${milliseconds}`]),
      ],
    )
    if (outcome !== 'won') return marks[number]
    this.#remember(traces)
    return undefined
  }

  /** Whether this caller is the one that redeems what is there. */
  async redeem(key: string, redeemed: string): Promise<boolean> {
    const { outcome, number } = await this.#decide([key, redeemed], ['redeem'])
    if (outcome === 'won') this.#remember([{ key: redeemed, value: '1', milliseconds: number }])
    return outcome === 'won'
  }

  /** Whether this caller is the one that takes away what is there. */
  async claim(key: string): Promise<boolean> {
    const { outcome } = await this.#decide([key], ['claim'])
    if (outcome === 'won') this.#remember([{ key, milliseconds: 0 }])
    return outcome === 'won'
  }

  #remember(traces: readonly Trace[]): void {
    for (const trace of traces) this.#recollection.add(trace)
  }

  async #decide(keys: readonly string[], values: readonly string[]): Promise<Answer> {
    await this.#open()
    const life = this.#life
    if (life?.server.isCurrent === true) {
      const answer = await this.#ask(life, keys, values)
      if (answer?.outcome === 'settling') throw unsettled(answer.number)
      // An answer of a former life is worth nothing: the new one was told already what counts.
      if (answer !== undefined && this.#life === life) return answer
    }
    void this.#recover()
    throw unsettled(this.#settling)
  }

  /** Undefined when the server has begun another life. */
  async #ask(
    life: Life,
    keys: readonly string[],
    values: readonly string[],
  ): Promise<Answer | undefined> {
    const all = [this.#settlingKey, ...keys]
    const words = ['EVALSHA', life.sha, `${all.length}`, ...all, ...values]
    try {
      return answerOf(await this.#connection.ask(this.#settlingKey, ...words))
    } catch (error) {
      if (!isUnknownScript(error)) throw error
      if (this.#life === life) this.#life = undefined
      return undefined
    }
  }

  /** The first decision of a process waits, so that a server can start together with its Redis. */
  #open(): Promise<void> {
    this.#opened ??= this.#meetFirst().catch((error: unknown) => {
      this.#opened = undefined
      throw error
    })
    return this.#opened
  }

  async #meetFirst(): Promise<void> {
    await this.#meet()
    const key = this.#settlingKey
    for (;;) {
      const left = Number(await this.#connection.ask(key, 'PTTL', key))
      if (left <= 0) return
      await delay(left)
    }
  }

  /** Tries until it has met the server that is there now. */
  async #recover(): Promise<void> {
    if (this.#isRecovering) return
    this.#isRecovering = true
    while (this.#life?.server.isCurrent !== true && !this.#connection.isClosed) {
      try {
        await this.#meet()
      } catch {
        await delay(PAUSE_MILLISECONDS, undefined, { ref: false })
      }
    }
    this.#isRecovering = false
  }

  async #meet(): Promise<void> {
    const key = this.#settlingKey
    const server = await this.#connection.meet(key)
    const { text, sha } = script(`-- ${server.life} ${key}\n${DECIDE}`)
    await this.#sayAgain()
    const known = await server.send(['SCRIPT', 'EXISTS', sha])
    if (!Array.isArray(known) || known[0] !== 1) {
      await server.send(['SET', key, '1', 'PX', `${this.#settling}`])
      await server.send(['SCRIPT', 'LOAD', text])
    }
    this.#life = { sha, server }
  }

  async #sayAgain(): Promise<void> {
    const commands = this.#recollection.commands()
    for (let start = 0; start < commands.length; start += TOGETHER) {
      const batch = commands.slice(start, start + TOGETHER)
      await Promise.all(batch.map(({ key, command }) => this.#connection.ask(key, ...command)))
    }
  }
}

function answerOf(reply: unknown): Answer {
  const [outcome, number] = Array.isArray(reply) ? reply : []
  return { outcome: String(outcome), number: Number(number) }
}

function unsettled(milliseconds: number): StoreUnavailable {
  return new StoreUnavailable(
    'Redis has come back, and waits until everybody has said again what may be lost',
    undefined,
    Math.ceil(milliseconds / 1_000),
  )
}
