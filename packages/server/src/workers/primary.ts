import cluster from 'node:cluster'
import { endOnSignals } from '../end-on-signals.ts'
import type { Config } from '../config/config.ts'
import { openManagement } from '../management/health.ts'
import { createLog } from '../management/log.ts'
import { Crew } from './crew.ts'
import { forkWorker } from './fork.ts'
import { createPrimaryMetrics, mergedMetrics } from './metrics.ts'
import { PULSE_MILLISECONDS } from './pulse.ts'

export interface PrimaryOptions {
  readonly config: Pick<Config, 'drain' | 'log' | 'management'>
  /** How many workers. */
  readonly size: number
  /** Reads the configuration again: every worker does so itself. @throws InvalidConfig */
  readonly reload: () => unknown
}

/** Milliseconds beyond `drain` that a worker has for letting go of everything. */
const SPARE = 5_000

/**
 * Runs workers on the same listeners: starts them, starts those that die again, puts new ones in their place on SIGHUP, and
 * lets them drain on SIGTERM and SIGINT. It answers for their health; requests do not pass through it.
 *
 * @returns false when no worker could be started; why, the worker has said.
 */
export async function runPrimary({ config, size, reload }: PrimaryOptions): Promise<boolean> {
  const log = createLog(config.log.level)
  // Every worker takes connections from the listener itself: none is in the hands of a process that is about to end.
  cluster.schedulingPolicy = cluster.SCHED_NONE
  cluster.setupPrimary({ serialization: 'advanced' })
  const metrics = createPrimaryMetrics(() => crew.ready)
  const crew = new Crew({
    size,
    fork: forkWorker,
    log,
    died: (reason) => metrics.deaths.inc({ reason }),
    patience: config.drain * 1_000 + SPARE,
    pulse: PULSE_MILLISECONDS,
    now: () => performance.now(),
  })
  let draining = false
  const management =
    config.management &&
    (await openManagement(config.management, {
      registry: mergedMetrics(metrics, crew),
      checks: () => crew.checks(),
      draining: () => draining,
    }))
  endOnSignals({
    close: async () => {
      draining = true
      await crew.close()
      await management?.close()
    },
  })
  process.on('SIGHUP', () => {
    try {
      reload()
    } catch (error) {
      log.error({ err: error }, 'the configuration cannot be used: the workers stay as they are')
      return
    }
    void crew.roll()
  })
  return (await crew.start()) || draining
}
