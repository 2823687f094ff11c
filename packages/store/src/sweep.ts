import type { Seconds } from '@signet/engine'

/** How many rows were forgotten, by the tables as a metric names them. */
export type Swept = Readonly<Record<string, number>>

/** What is to be forgotten. */
export interface Sweep {
  readonly now: Seconds
  /** How long an audit event is kept. */
  readonly retention: Seconds
  /** How many events that anybody can cause are kept of each service. */
  readonly unauthenticated: number
  /** How many rows of a table, at most. */
  readonly budget: number
}
