import cluster from 'node:cluster'
import { once } from 'node:events'
import { answered, LONGER_MILLISECONDS } from '../management/check.ts'
import type { Answers, Order, Question, Report } from './messages.ts'
import { WORKER_VARIABLE } from './worker.ts'

/** How a process ended: by itself, or by a signal. */
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
}

/** Starts a worker: the same command once more, with a number. */
export function forkWorker(slot: number): Worker {
  const forked = cluster.fork({ [WORKER_VARIABLE]: String(slot) })
  const pending = new Map<number, (answer: Answers[Question] | undefined) => void>()
  const { promise: ready, resolve: tellReady } = Promise.withResolvers<boolean>()
  const ended = once(forked, 'exit').then(([exit, signal]): Ending => ({ exit, signal }))
  void ended.then(() => tellReady(false))
  let isReady = false
  let questions = 0
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
    if (forked.isConnected()) forked.send(order)
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
      questions += 1
      const number = questions
      const { promise, resolve } = Promise.withResolvers<Answers[Question] | undefined>()
      pending.set(number, resolve)
      send({ act: 'answer', question, number })
      const answer = await answered(promise, LONGER_MILLISECONDS).finally(() =>
        pending.delete(number),
      )
      if (answer === undefined) throw new Error('the worker has no answer')
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a worker answers what it was asked: both are this release
      return answer as Answers[typeof question]
    },
  }
}
