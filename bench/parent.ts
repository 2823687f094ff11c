import type { Ask, Microseconds, Reply } from './contract.ts'

/** CPU this process has used so far, over all its threads. */
export function cpu(): Microseconds {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** Answers the process that measures, one question at a time, and ends when it is gone. */
export function answerParent(answer: (ask: Ask) => Promise<Reply>): void {
  process.on('message', (ask: Ask) => {
    if (ask.ask === 'stop') process.exit(0)
    void answer(ask)
      .catch((error: unknown): Reply => ({ reply: 'failed', reason: reasonOf(error) }))
      .then((reply) => process.send?.(reply))
  })
  process.on('disconnect', () => process.exit(0))
}

/** The part every server under test has in common: start once, then tell the CPU used. */
export function serveParent(start: (ask: Ask & { ask: 'start' }) => Promise<Reply>): void {
  answerParent(async (ask) => {
    if (ask.ask === 'start') return await start(ask)
    if (ask.ask === 'cpu') return { reply: 'microseconds', microseconds: cpu() }
    throw new Error(`a server is not asked to ${ask.ask}`)
  })
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
