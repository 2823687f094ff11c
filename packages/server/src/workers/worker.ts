import { startServer, type StartedServer } from '../compose.ts'
import type { Config } from '../config/config.ts'
import { endOnSignals } from '../cli/run.ts'
import type { Answers, Order, Question, Report } from './messages.ts'

/** The variable by which a worker knows which one it is. */
export const WORKER_VARIABLE = 'SIGNET_WORKER'

/**
 * Serves as one of several processes on the same listeners, until the primary says that it is enough. A signal that a
 * terminal or a service manager sends to all processes ends it in the same way.
 */
export async function runWorker(config: Config): Promise<void> {
  const server = await startServer(config, { worker: Number(process.env[WORKER_VARIABLE]) })
  const end = endOnSignals(server)
  // It is for the primary to put another worker in the place of this one.
  process.on('SIGHUP', () => undefined)
  process.on('message', (order: Order) => {
    if (order.act === 'drain') end()
    else void answer(order, server).then(report)
  })
  report({ said: 'ready' })
}

function report(message: Report): void {
  if (process.connected) process.send?.(message)
}

async function answer(
  { question, number }: Extract<Order, { readonly act: 'answer' }>,
  { health }: StartedServer,
): Promise<Report> {
  const answering: { readonly [Name in Question]: () => Promise<Answers[Name]> } = {
    checks: () => health.checks(),
    metrics: () => health.registry.getMetricsAsJSON(),
  }
  try {
    return { said: 'answer', number, answer: await answering[question]() }
  } catch {
    return { said: 'answer', number }
  }
}
