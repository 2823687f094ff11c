import { isBusy } from './patience.ts'

const ATTEMPTS = 100
const PAUSE_MILLISECONDS = 50

/**
 * Opens a file again while another process has it, which may be bringing it up to date. SQLite would not wait by itself for
 * turning on the log of a file, which processes do at the same moment when they start on a new one.
 */
export function patiently<Result>(work: () => Result, pause: () => void = sleep): Result {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return work()
    } catch (error) {
      if (attempt === ATTEMPTS || !isBusy(error)) throw error
      pause()
    }
  }
}

/** Only at the start, when nothing else is under way that would have to wait too. */
function sleep(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MILLISECONDS)
}
