import { endOnSignals } from '../end-on-signals.ts'
import type { StartedServer } from '../started-server.ts'
import type { Answers, Order, Question, Report } from './messages.ts'

/** The variable by which a worker knows which one it is. */
export const WORKER_VARIABLE = 'SIGNET_WORKER'

/**
 * Serves as one of several processes on the same listeners, until the primary says that it is enough. A signal that a
 * terminal or a service manager sends to all processes ends it in the same way.
 *
 * @param start starts what serves; given which worker it is
 */
export async function runWorker(start: (worker: number) => Promise<StartedServer>): Promise<void> {
  // It is for the primary to put another worker in the place of this one.
  process.on('SIGHUP', () => undefined)
  const server = await start(Number(process.env[WORKER_VARIABLE]))
  const end = endOnSignals(server)
  process.on('message', (order: Order) => {
    if (order.act === 'drain') end()
    else void answer(order, server).then(report)
  })
  report({ said: 'ready' })
}

function report(message: Report): void {
  // A primary that is gone takes its workers with it: nobody has to be told that it did not hear.
  if (process.connected) process.send?.(message, () => undefined)
}

async function answer(
  { question, number }: Extract<Order, { readonly act: 'answer' }>,
  { health }: Pick<StartedServer, 'health'>,
): Promise<Report> {
  const answering: { readonly [Name in Question]: () => Promise<Answers[Name]> } = {
    checks: () => health.checks(),
    metrics: () => health.registry.getMetricsAsJSON(),
    pulse: () => Promise.resolve(true),
  }
  try {
    return { said: 'answer', number, answer: await answering[question]() }
  } catch {
    return { said: 'answer', number }
  }
}
