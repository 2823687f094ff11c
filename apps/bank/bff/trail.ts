import type { BffEvent } from '@signet/bff'
import type { Refusal } from './flow.ts'

/** One request of a browser that is worth telling about, and what came of it. Paths, queries and bodies are left out. */
export interface Visit {
  readonly kind: VisitKind
  /** Milliseconds since 1970, when it came and when it was answered. */
  readonly at: number
  readonly until: number
  readonly status: number
  /** A login that was asked for again, although somebody is logged in. */
  readonly stepUp: boolean
  readonly refreshed: boolean
  readonly failure?: Refusal
  /** Under which the API knows its part. */
  readonly interactionId?: string
}

export type VisitKind = 'login' | 'callback' | 'api' | 'logout' | 'session_end'

/** So many browsers, and so many visits of each; the oldest are forgotten. */
const MOST_BROWSERS = 200
const MOST_VISITS = 80

/** What browsers did since their last login, in memory. */
export class Trails {
  readonly #trails = new Map<string, readonly Visit[]>()

  /** A new login begins a new trail; being asked to log in again does not. */
  add(browser: string, visit: Visit): void {
    const isNew = visit.kind === 'login' && !visit.stepUp
    const before = isNew ? [] : this.of(browser)
    const last = before.findLast(({ kind }) => kind === 'login')
    // The return from a login knows only from its beginning what it was for.
    const added = visit.kind === 'callback' ? { ...visit, stepUp: last?.stepUp ?? false } : visit
    this.#trails.delete(browser)
    this.#trails.set(browser, [...before, added].slice(-MOST_VISITS))
    const [oldest] = this.#trails.keys()
    if (this.#trails.size > MOST_BROWSERS && oldest !== undefined) this.#trails.delete(oldest)
  }

  of(browser: string): readonly Visit[] {
    return (this.#trails.get(browser) ?? []).toSorted((one, other) => one.at - other.at)
  }
}

/** What the events of a request say about it. */
export function tellingOf(
  events: readonly BffEvent[],
): Pick<Visit, 'refreshed'> & { readonly failure?: Refusal } {
  const failure = events.map(failureOf).find((each) => each !== undefined)
  return {
    refreshed: events.some((event) => event.type === 'refresh' && event.result === 'refreshed'),
    ...(failure !== undefined && { failure }),
  }
}

function failureOf(event: BffEvent): Refusal | undefined {
  if (event.type === 'login_failed') return { reason: event.reason }
  if (event.type === 'csrf_rejected') return { id: 'BFF-07', reason: event.reason }
  if (event.type === 'authority_unavailable') return { reason: event.type }
  return undefined
}
