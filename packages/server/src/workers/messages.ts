import type { MetricObjectWithValues, MetricValue } from '@prometheus-io/client'
import type { Check } from '../management/check.ts'

/** What a primary asks its workers, and what they answer. */
export interface Answers {
  readonly checks: readonly Check[]
  readonly metrics: readonly Metric[]
  /** Whether it hears. */
  readonly pulse: true
}

/** A metric with all its series, as it goes from one process to another. */
export type Metric = MetricObjectWithValues<MetricValue<string>>

export type Question = keyof Answers

/** What a primary says to a worker. */
export type Order =
  | { readonly act: 'drain' }
  | { readonly act: 'answer'; readonly question: Question; readonly number: number }

/** What a worker says to its primary. */
export type Report =
  | { readonly said: 'ready' }
  /** Without an answer: there is none. */
  | { readonly said: 'answer'; readonly number: number; readonly answer?: Answers[Question] }
