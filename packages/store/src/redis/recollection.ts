/** For how long a process remembers what it decided. Replicas and disks are behind by a second or two, not by a minute. */
const KEPT_MILLISECONDS = 60_000

/** What a decision left behind: a key with a value for so long, or, without a value, the absence of the key. */
export interface Trace {
  readonly key: string
  readonly value?: string
  readonly milliseconds: number
}

/** Brings back what was decided, and harms nothing that is there. */
export interface Repetition {
  readonly key: string
  readonly command: readonly string[]
}

interface Dated extends Trace {
  readonly at: number
}

/**
 * What this process decided lately, for the case that Redis forgets it. In two halves, of which the older is dropped as a
 * whole: remembering costs a push.
 */
export class Recollection {
  readonly #time: () => number
  #older: readonly Dated[] = []
  #newer: Dated[] = []
  #since: number

  /** @param time milliseconds that only go forward. */
  constructor(time: () => number = () => performance.now()) {
    this.#time = time
    this.#since = time()
  }

  add(trace: Trace): void {
    const at = this.#time()
    if (at - this.#since > KEPT_MILLISECONDS) {
      this.#older = at - this.#since > 2 * KEPT_MILLISECONDS ? [] : this.#newer
      this.#newer = []
      this.#since = at
    }
    this.#newer.push({ ...trace, at })
  }

  commands(): readonly Repetition[] {
    const now = this.#time()
    return [...this.#older, ...this.#newer].map(({ key, value, milliseconds, at }) => {
      const left = Math.max(Math.ceil(milliseconds - (now - at)), 1)
      const command =
        value === undefined ? ['DEL', key] : ['SET', key, value, 'NX', 'PX', `${left}`]
      return { key, command }
    })
  }
}
