import { StoreUnavailable, type Mark, type Seconds } from '@signet/engine'
import { setTimeout as delay } from 'node:timers/promises'
import { isUnknownScript, script, type Connection, type Script } from './connection.ts'
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

/**
 * What one of many callers may do: use a statement, redeem a code, end a request.
 *
 * A Redis that restarts, or whose replica takes over, may have lost its last second, and a decision with it. So decisions
 * are made by a script that bears the name of the server's life, and that only this life knows: a server that does not know
 * it has begun a new one. Whoever meets a new life first has it refuse all decisions for a while, in which every process
 * says again what it decided lately; a process notices when its connection is made anew.
 */
export class Decisions {
  readonly #connection: Connection
  readonly #keys: Keys
  readonly #settling: Seconds
  readonly #recollection = new Recollection()
  /** That of the life we know, if we know one. */
  #script: Script | undefined
  #opened: Promise<void> | undefined
  #meeting: Promise<void> | undefined

  constructor({ connection, keys, settling }: DecisionsOptions) {
    this.#connection = connection
    this.#keys = keys
    this.#settling = settling
    connection.onReady(() => void this.#notice())
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
    const answer = await this.#ask(keys, values)
    if (answer.outcome !== 'settling') return answer
    throw unsettled(answer.number)
  }

  /** Asks the life we know, and no other. */
  async #ask(keys: readonly string[], values: readonly string[]): Promise<Answer> {
    const known = this.#script
    if (known === undefined) {
      this.#meet().catch(() => undefined)
      throw unsettled(this.#settling * 1_000)
    }
    const { sha } = known
    const [first, ...rest] = [this.#keys.of('settling'), ...keys]
    const count = `${rest.length + 1}`
    try {
      const command = ['EVALSHA', sha, count, first, ...rest, ...values]
      const answer = answerOf(await this.#connection.ask(first, ...command))
      // An answer of a former life is worth nothing: the new one has been told already what counts.
      if (this.#script === known) return answer
    } catch (error) {
      if (!isUnknownScript(error)) throw error
      if (this.#script === known) this.#script = undefined
      this.#meet().catch(() => undefined)
    }
    throw unsettled(this.#settling * 1_000)
  }

  /** The first decision of a process waits, so that a server can start together with its Redis. */
  #open(): Promise<void> {
    this.#opened ??= this.#firstMeeting().catch((error: unknown) => {
      this.#opened = undefined
      throw error
    })
    return this.#opened
  }

  async #firstMeeting(): Promise<void> {
    await this.#meet()
    const key = this.#keys.of('settling')
    for (;;) {
      const left = Number(await this.#connection.ask(key, 'PTTL', key))
      if (left <= 0) return
      await delay(left)
    }
  }

  /** The connection is another: perhaps the server is, too. */
  async #notice(): Promise<void> {
    if (this.#opened === undefined) return
    await this.#ask([], ['none']).catch(() => undefined)
  }

  #meet(): Promise<void> {
    this.#meeting ??= this.#meetServer().finally(() => {
      this.#meeting = undefined
    })
    return this.#meeting
  }

  async #meetServer(): Promise<void> {
    const key = this.#keys.of('settling')
    const server = await this.#connection.meet(key)
    const { text, sha } = script(`-- ${server.life} ${key}\n${DECIDE}`)
    await this.#sayAgain()
    const [isKnown] = numbers(await server.send(['SCRIPT', 'EXISTS', sha]))
    if (isKnown !== 1) {
      const milliseconds = Math.ceil(this.#settling * 1_000)
      await server.send(['SET', key, '1', 'PX', `${milliseconds}`])
      await server.send(['SCRIPT', 'LOAD', text])
    }
    this.#script = { text, sha }
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

function numbers(reply: unknown): readonly number[] {
  return Array.isArray(reply) ? reply.map(Number) : []
}

function unsettled(milliseconds: number): StoreUnavailable {
  return new StoreUnavailable(
    'Redis has come back, and waits until everybody has said again what may be lost',
    undefined,
    Math.ceil(milliseconds / 1_000),
  )
}
