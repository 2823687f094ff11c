import type { Logger } from 'pino'
import type { Metrics } from './metrics.ts'

/** Forgets what has ended, a few rows of each table, and says how many. */
export type Sweep = (budget: number) => Promise<Readonly<Record<string, number>>>

/** Few enough rows that requests do not notice. */
const BUDGET = 200
/** Milliseconds: after a sweep that found no end, and after one that did. */
const SOON = 50
const LATER = 5_000

export interface SweepingPorts {
  readonly sweep: Sweep
  readonly metrics: Pick<Metrics, 'swept'>
  readonly log: Logger
}

/** Sweeps from now on, in small batches, until it is stopped. */
export function startSweeping({ sweep, metrics, log }: SweepingPorts): { stop(): void } {
  let stopped = false
  let timer: NodeJS.Timeout | undefined

  const round = async (): Promise<number> => {
    const swept = await sweep(BUDGET)
    for (const [table, rows] of Object.entries(swept))
      if (rows > 0) metrics.swept.inc({ table }, rows)
    return Object.values(swept).some((rows) => rows >= BUDGET) ? SOON : LATER
  }
  const failed = (error: unknown): number => {
    log.error({ err: error }, 'sweeping failed')
    return LATER
  }
  const schedule = (milliseconds: number): void => {
    if (stopped) return
    timer = setTimeout(() => {
      void round().catch(failed).then(schedule)
    }, milliseconds).unref()
  }
  schedule(LATER)
  return {
    stop: () => {
      stopped = true
      clearTimeout(timer)
    },
  }
}
