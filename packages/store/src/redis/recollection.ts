/** For how long a process remembers what it decided. Replicas and disks are behind by a second or two, not by a minute. */
const KEPT_MILLISECONDS = 60_000

/** What a decision left behind: a key with a value for so long, or, without a value, the absence of the key. */
export interface Trace {
  readonly key: string
  readonly value?: string
  readonly milliseconds: number
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

  /** The commands that bring back what was decided, and harm nothing that is there. */
  commands(): readonly (readonly [key: string, ...command: readonly string[]])[] {
    const now = this.#time()
    return [...this.#older, ...this.#newer].flatMap(({ key, value, milliseconds, at }) => {
      if (value === undefined) return [[key, 'DEL', key] as const]
      const left = Math.ceil(milliseconds - (now - at))
      return left > 0 ? [[key, 'SET', key, value, 'NX', 'PX', `${left}`] as const] : []
    })
  }
}
