import cluster from 'node:cluster'
import { answered, WORKERS_MILLISECONDS } from '../management/check.ts'
import type { Answers, Order, Question, Report } from './messages.ts'
import { WORKER_VARIABLE } from './worker.ts'

/** How a process ended: by itself, by a signal, or neither, when there was none. */
export interface Ending {
  readonly exit: number | null
  readonly signal: string | null
}

/** One process that serves, as its primary sees it. */
export interface Worker {
  /** Resolves with true when it takes requests, and with false when it ended before. */
  readonly ready: Promise<boolean>
  readonly ended: Promise<Ending>
  /** Has it answer what is under way, and end. */
  drain(): void
  kill(): void
  /** Rejects when it does not answer soon. */
  ask<Name extends Question>(question: Name): Promise<Answers[Name]>
  /** Resolves when it has heard this, however late; perhaps never. */
  pulse(): Promise<void>
}

/** Starts a worker: the same command once more, with a number. */
export function forkWorker(slot: number): Worker {
  const forked = cluster.fork({ [WORKER_VARIABLE]: String(slot) })
  const pending = new Map<number, (answer: Answers[Question] | undefined) => void>()
  const { promise: ready, resolve: tellReady } = Promise.withResolvers<boolean>()
  const { promise: ended, resolve: tellEnded } = Promise.withResolvers<Ending>()
  let isReady = false
  let questions = 0
  forked.once('exit', (exit, signal) => tellEnded({ exit, signal }))
  forked.on('error', () => {
    // The system makes no more processes. One that there is tells of its end itself.
    if (forked.process.pid === undefined) tellEnded({ exit: null, signal: null })
  })
  void ended.then(() => tellReady(false))
  forked.on('message', (report: Report) => {
    if (report.said === 'ready') {
      isReady = true
      tellReady(true)
      return
    }
    pending.get(report.number)?.(report.answer)
    pending.delete(report.number)
  })
  const send = (order: Order): void => {
    // Whoever ends at this moment hears nothing any more, and `ended` will tell.
    if (forked.isConnected()) forked.send(order, () => undefined)
  }
  const put = (question: Question): { number: number; told: Promise<unknown> } => {
    questions += 1
    const number = questions
    const { promise: told, resolve } = Promise.withResolvers<unknown>()
    pending.set(number, resolve)
    send({ act: 'answer', question, number })
    return { number, told }
  }
  return {
    ready,
    ended,
    drain: () => {
      // Whoever does not listen yet has nothing under way.
      if (isReady) send({ act: 'drain' })
      else forked.process.kill('SIGTERM')
    },
    kill: () => void forked.process.kill('SIGKILL'),
    ask: async (question) => {
      const { number, told } = put(question)
      const answer = await answered(told, WORKERS_MILLISECONDS).finally(() =>
        pending.delete(number),
      )
      if (answer === undefined) throw new Error('the worker has no answer')
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a worker answers what it was asked: both are this release
      return answer as Answers[typeof question]
    },
    pulse: async () => void (await put('pulse').told),
  }
}
