import type { RefusalEvent } from '@signet/guard'

/** One call that came to the API and what became of it, for people who want to look behind the scenes. No secrets. */
export interface RecordedCall {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly method: string
  /** As it was declared: no ids of accounts. */
  readonly route: string
  readonly status: number
  readonly refused?: Refused
}

type Refused = Pick<RefusalEvent, 'id' | 'reason' | 'error' | 'expected' | 'received'>

/** So many calls are remembered, the oldest are forgotten. */
const MOST = 500

/** The latest calls by their `x-fapi-interaction-id`, which nobody can guess who has not made the call. */
export class CallLog {
  readonly #calls = new Map<string, RecordedCall>()
  readonly #refusals = new Map<string, Refused>()

  refused({ interactionId, id, reason, error, expected, received }: RefusalEvent): void {
    keep(this.#refusals, interactionId, { id, reason, error, expected, received })
  }

  answered(interactionId: string, call: Omit<RecordedCall, 'refused'>): void {
    const refused = this.#refusals.get(interactionId)
    this.#refusals.delete(interactionId)
    keep(this.#calls, interactionId, refused === undefined ? call : { ...call, refused })
  }

  find(interactionId: string): RecordedCall | undefined {
    return this.#calls.get(interactionId)
  }
}

function keep<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key)
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > MOST && oldest !== undefined) map.delete(oldest)
}
