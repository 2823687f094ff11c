import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Ask, Microseconds, Reply, Setup, Spending, Target } from './contract.ts'

/** Another process that can be asked one thing at a time. */
export interface Child {
  readonly serve: (setup: Setup) => Promise<Target>
  readonly warm: (setup: Setup) => Promise<void>
  readonly cpu: () => Promise<Microseconds>
  readonly spend: (spending: Spending, times: number) => Promise<Microseconds>
  readonly stop: () => Promise<void>
}

/**
 * Forks a module. Its ordinary output is dropped, its errors are shown.
 *
 * @param nodeOptions options of node itself, such as those that write a CPU profile
 */
export function startChild(module: URL, nodeOptions: readonly string[] = []): Child {
  const child = fork(module, {
    execArgv: ['--conditions=source', ...nodeOptions],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  return {
    serve: async (setup) => {
      const answer = await ask(child, { ask: 'start', setup })
      if (answer.reply !== 'ready') throw unexpected(answer)
      return answer.target
    },
    warm: async (setup) => {
      const answer = await ask(child, { ask: 'start', setup })
      if (answer.reply !== 'started') throw unexpected(answer)
    },
    cpu: async () => microseconds(await ask(child, { ask: 'cpu' })),
    spend: async (spending, times) =>
      microseconds(await ask(child, { ask: 'spend', spending, times })),
    stop: async () => {
      if (child.exitCode !== null) return
      const gone = once(child, 'exit')
      child.send({ ask: 'stop' } satisfies Ask)
      await gone
    },
  }
}

async function ask(child: ChildProcess, question: Ask): Promise<Reply> {
  const answered = new AbortController()
  const { signal } = answered
  const exited = once(child, 'exit', { signal }).then(([code]): never => {
    throw new Error(`${child.spawnfile} ended with ${String(code)} when asked to ${question.ask}`)
  })
  try {
    child.send(question)
    const [message]: unknown[] = await Promise.race([once(child, 'message', { signal }), exited])
    if (isReply(message)) return message
    throw new Error(`no reply: ${JSON.stringify(message)}`)
  } finally {
    exited.catch(() => undefined)
    answered.abort()
  }
}

function isReply(message: unknown): message is Reply {
  return typeof message === 'object' && message !== null && 'reply' in message
}

function microseconds(answer: Reply): Microseconds {
  if (answer.reply !== 'microseconds') throw unexpected(answer)
  return answer.microseconds
}

function unexpected(answer: Reply): Error {
  return new Error(answer.reply === 'failed' ? answer.reason : `unexpected ${answer.reply}`)
}
