import type { Worker } from './fork.ts'

/** Milliseconds. */
export const PULSE_MILLISECONDS = 10_000
/** So many questions in a row may stay without an answer: half a minute. */
const MOST_UNANSWERED = 3

/**
 * Asks a worker again and again whether it hears, as long as it lives, and tells once when it no longer does: its event loop
 * is blocked, or it is frozen. Questions are counted and not the time, which may have passed while nobody could ask.
 */
export function watchPulse(
  worker: Pick<Worker, 'pulse' | 'ended'>,
  every: number,
  stuck: () => void,
): void {
  let unanswered = 0
  const timer = setInterval(() => {
    if (unanswered === MOST_UNANSWERED) {
      clearInterval(timer)
      stuck()
      return
    }
    unanswered += 1
    void worker.pulse().then(() => {
      unanswered = 0
    })
  }, every).unref()
  void worker.ended.then(() => clearInterval(timer))
}
