import { collectDefaultMetrics, Counter, Gauge, Registry } from '@prometheus-io/client'
import type { Health } from '../management/health.ts'
import type { Crew, Told } from './crew.ts'
import type { Metric } from './messages.ts'
import { DEATHS } from './slot.ts'

/** What a primary measures, beside what its workers do. */
export interface PrimaryMetrics {
  readonly registry: Registry
  readonly deaths: Counter<'reason'>
}

/** @param ready how many workers are at work, asked whenever somebody reads the metrics */
export function createPrimaryMetrics(ready: () => number): PrimaryMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const workers = new Gauge({
    name: 'signet_workers_ready',
    help: 'Workers that take requests.',
    registers,
    collect() {
      this.set(ready())
    },
  })
  workers.set(0)
  const deaths = new Counter({
    name: 'signet_worker_deaths_total',
    help: 'Workers that ended without being told to: by themselves or a signal (died), or killed because they did not answer (stuck).',
    labelNames: ['reason'],
    registers,
  })
  for (const reason of DEATHS) deaths.inc({ reason }, 0)
  return { registry, deaths }
}

/**
 * The metrics of all processes, each with the number of its worker. A sum over them is for whoever reads: in a sum that was
 * made here, the restart of one worker would look like that of all.
 */
export function mergedMetrics(
  { registry }: PrimaryMetrics,
  crew: Pick<Crew, 'metrics'>,
): Health['registry'] {
  return {
    contentType: registry.contentType,
    metrics: async () => {
      const [own, told] = await Promise.all([registry.getMetricsAsJSON(), crew.metrics()])
      const all: readonly Told<readonly Metric[]>[] = [{ worker: 0, answer: own }, ...told]
      return Registry.aggregate(
        all.map(({ worker, answer }) => answer.map((metric) => labelled(metric, worker))),
      ).metrics()
    },
  }
}

function labelled(metric: Metric, worker: number): Metric {
  return {
    ...metric,
    // No two processes have a series in common, so there is nothing to choose between.
    aggregator: 'first',
    values: metric.values.map((value) => ({ ...value, labels: { ...value.labels, worker } })),
  }
}
