import type { Logger } from 'pino'
import type { Worker } from './fork.ts'
import { watchPulse } from './pulse.ts'

/** Why workers end without being told to: by themselves or a signal, or killed because they did not answer. */
export const DEATHS = ['died', 'stuck'] as const
export type Death = (typeof DEATHS)[number]

export interface SlotPorts {
  readonly fork: (slot: number) => Worker
  readonly log: Pick<Logger, 'info' | 'error'>
  /** Told of a worker that ended without being told to. */
  readonly died: (death: Death) => void
  /** Milliseconds that a worker has for draining before it is killed. */
  readonly patience: number
  /** Milliseconds between two questions whether a worker hears. */
  readonly pulse: number
  /** Milliseconds that only go forward. */
  readonly now: () => number
}

/** Milliseconds before a worker that died is replaced: at first, and at most, when one after the other dies. */
const FIRST_PAUSE = 100
const LONGEST_PAUSE = 30_000
/** Milliseconds: whoever served for so long did not die of how it was started. */
const LONG_LIFE = 60_000

/** One place among the workers, in which one is at work whenever that is possible. */
export class Slot {
  readonly #number: number
  readonly #ports: SlotPorts
  #current: Worker | undefined
  #starting: Worker | undefined
  #failures = 0
  #timer: NodeJS.Timeout | undefined
  /** Changes of who is at work, one after the other. */
  #changes: Promise<unknown> = Promise.resolve()
  #isClosed = false

  constructor(number: number, ports: SlotPorts) {
    this.#number = number
    this.#ports = ports
  }

  get number(): number {
    return this.#number
  }

  /** Who is at work here, if anybody is. */
  get current(): Worker | undefined {
    return this.#current
  }

  /** Starts a worker; whoever was at work before drains when it is up. False, and nothing changed, when it did not come up. */
  renew(): Promise<boolean> {
    return this.#next(() => this.#renew())
  }

  /** Starts a worker if nobody is at work, now and later, until there is one. */
  async fill(): Promise<void> {
    await this.#next(async () => {
      if (this.#current !== undefined || this.#isClosed || (await this.#renew())) return
      this.#fillLater()
    })
  }

  /** Lets everybody end. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    const all = [this.#starting, this.#current].filter((worker) => worker !== undefined)
    this.#current = undefined
    await Promise.all([...all.map((worker) => this.#retire(worker)), this.#changes])
  }

  #next<Result>(change: () => Promise<Result>): Promise<Result> {
    const done = this.#changes.then(change)
    this.#changes = done
    return done
  }

  async #renew(): Promise<boolean> {
    if (this.#isClosed) return false
    const worker = this.#fork()
    this.#starting = worker
    const isUp = (await worker?.ready) === true
    this.#starting = undefined
    if (worker === undefined || !isUp) return false
    if (this.#isClosed) {
      await this.#retire(worker)
      return false
    }
    const before = this.#current
    this.#current = worker
    this.#ports.log.info({ worker: this.#number }, 'a worker is ready')
    this.#replaceWhenDead(worker)
    if (before !== undefined) await this.#retire(before)
    return true
  }

  /** Undefined when the system makes no more processes. */
  #fork(): Worker | undefined {
    try {
      return this.#ports.fork(this.#number)
    } catch (error) {
      this.#ports.log.error({ worker: this.#number, err: error }, 'no worker could be started')
      return undefined
    }
  }

  #replaceWhenDead(worker: Worker): void {
    const { log, now, died, pulse } = this.#ports
    const since = now()
    let death: Death = 'died'
    watchPulse(worker, pulse, () => {
      death = 'stuck'
      log.error({ worker: this.#number }, 'a worker does not answer any more: it is killed')
      worker.kill()
    })
    void worker.ended.then((ending) => {
      if (this.#current !== worker) return
      this.#current = undefined
      log.error({ worker: this.#number, ...ending }, 'a worker died')
      died(death)
      if (now() - since > LONG_LIFE) this.#failures = 0
      this.#fillLater()
    })
  }

  #fillLater(): void {
    if (this.#isClosed) return
    const pause = Math.min(FIRST_PAUSE * 2 ** this.#failures, LONGEST_PAUSE)
    this.#failures += 1
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.fill(), pause)
  }

  async #retire(worker: Worker): Promise<void> {
    const kill = setTimeout(() => worker.kill(), this.#ports.patience)
    worker.drain()
    await worker.ended
    clearTimeout(kill)
  }
}
