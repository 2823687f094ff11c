import type { Seconds } from '@signet/protocol'

/** Something of another server that is fetched anew from time to time, and kept when that fails. */
export interface Fetched<Value> {
  /** The last that was good; undefined until there was one. */
  readonly value: Value | undefined
  /** When the fetch of `value` began. */
  readonly since: Seconds
  /** Why the last fetch failed; undefined when it did not. */
  readonly failure: string | undefined
  /**
   * Fetches anew, unless that was tried less than `pause` seconds ago. All who ask at the same time wait for one fetch.
   * Never rejects: look at `value` and `since` afterwards.
   */
  refresh(): Promise<void>
}

export interface FetchPolicy {
  readonly now: () => Seconds
  /** At least so long between two fetches once there is a value. */
  readonly pause: Seconds
  /** At least so long while there is none. */
  readonly pauseAtStart: Seconds
  readonly onFailure: (why: string) => void
}

/** So often unknown keys may make us ask another server. */
export const PAUSE: Seconds = 10
/** While we know nothing at all, we ask more often. */
export const PAUSE_AT_START: Seconds = 1

export function createFetched<Value>(
  load: (last: Value | undefined) => Promise<Value>,
  { now, pause, pauseAtStart, onFailure }: FetchPolicy,
): Fetched<Value> {
  const kept: { value: Value | undefined; since: Seconds; failure: string | undefined } = {
    value: undefined,
    since: Number.NEGATIVE_INFINITY,
    failure: undefined,
  }
  let triedAt = Number.NEGATIVE_INFINITY
  let flight: Promise<void> | undefined

  const fetchNow = async (began: Seconds): Promise<void> => {
    try {
      kept.value = await load(kept.value)
      kept.since = began
      kept.failure = undefined
    } catch (error) {
      kept.failure = error instanceof Error ? error.message : 'unknown'
      onFailure(kept.failure)
    } finally {
      flight = undefined
    }
  }
  const refresh = (): Promise<void> => {
    if (flight !== undefined) return flight
    const time = now()
    // A clock that was set back must not stop us from fetching.
    const waited = Math.abs(time - triedAt)
    if (waited < (kept.value === undefined ? pauseAtStart : pause)) return Promise.resolve()
    triedAt = time
    flight = fetchNow(time)
    return flight
  }
  return {
    get value() {
      return kept.value
    },
    get since() {
      return kept.since
    },
    get failure() {
      return kept.failure
    },
    refresh,
  }
}
