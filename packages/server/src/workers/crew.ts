import type { Check } from '../management/check.ts'
import type { Answers, Metric, Question } from './messages.ts'
import { Slot, type SlotPorts } from './slot.ts'

export interface CrewPorts extends SlotPorts {
  /** How many are to be at work. */
  readonly size: number
}

/** An answer, and who gave it. */
export interface Told<Answer> {
  readonly worker: number
  readonly answer: Answer
}

/** The workers of a primary. */
export class Crew {
  readonly #slots: readonly Slot[]
  readonly #log: CrewPorts['log']
  #rolling: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor({ size, ...ports }: CrewPorts) {
    this.#slots = Array.from({ length: size }, (_, index) => new Slot(index + 1, ports))
    this.#log = ports.log
  }

  /** How many are at work. */
  get ready(): number {
    return this.#slots.filter(({ current }) => current !== undefined).length
  }

  /**
   * Starts one, and when it is up all others: what keeps all of them from starting is told once.
   *
   * @returns false when the first did not come up, and nobody is at work.
   */
  async start(): Promise<boolean> {
    const [first, ...others] = this.#slots
    const isUp = (await first?.renew()) === true
    if (isUp) await Promise.all(others.map((slot) => slot.fill()))
    return isUp
  }

  /** Puts a new worker in the place of each, one after the other, and stops at one that does not come up. */
  roll(): Promise<void> {
    this.#rolling = this.#rolling.then(() => this.#roll())
    return this.#rolling
  }

  /** Lets all of them answer what is under way, and end. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.#slots.map((slot) => slot.close()))
    await this.#rolling
  }

  /** What everybody who answers says of what it needs, in one. */
  async checks(): Promise<readonly Check[]> {
    const told = await this.#ask('checks')
    const size = this.#slots.length
    const workers: Check = {
      name: 'workers',
      ok: told.length > 0,
      ...(told.length < size && { detail: `${told.length} of ${size} are at work` }),
    }
    const checks = told.flatMap(({ answer }) => answer)
    const names = new Set(checks.map(({ name }) => name))
    return [workers, ...[...names].map((name) => worstOf(name, checks))]
  }

  async metrics(): Promise<readonly Told<readonly Metric[]>[]> {
    return this.#ask('metrics')
  }

  async #roll(): Promise<void> {
    for (const slot of this.#slots) {
      if (this.#isClosed) return
      if (await slot.renew()) continue
      if (!this.#isClosed) {
        this.#log.error('a new worker did not come up: those that are at work stay')
        void slot.fill()
      }
      return
    }
    this.#log.info('all workers were replaced')
  }

  async #ask<Name extends Question>(question: Name): Promise<readonly Told<Answers[Name]>[]> {
    const told = await Promise.all(
      this.#slots.map(async ({ number: worker, current }) => {
        const answer = await current?.ask(question).catch(() => undefined)
        return answer === undefined ? [] : [{ worker, answer }]
      }),
    )
    return told.flat()
  }
}

/** Requests come to every worker: what one of them cannot do, the server cannot. */
function worstOf(name: string, checks: readonly Check[]): Check {
  return checks.find((check) => check.name === name && !check.ok) ?? { name, ok: true }
}
