import type { Logger } from 'pino'

/** Lines a second: enough to see what goes on, too few to fill a disk. */
const MOST = 100
const SECOND = 1_000

/** Says whether one more line may be logged, and sees to it that those that may not are counted. */
export type LineLimit = () => boolean

/**
 * A limit to the lines of one process that anybody on the network can cause: the first hundred of a second are logged, and
 * one line at its end says how many were not.
 *
 * @param what they tell of
 */
export function createLineLimit(log: Logger, what: string): LineLimit {
  let lines = 0
  let second: NodeJS.Timeout | undefined
  const end = (): void => {
    if (lines > MOST) log.warn({ suppressed: lines - MOST }, `${what}: not logged one by one`)
    lines = 0
    second = undefined
  }
  return () => {
    second ??= setTimeout(end, SECOND).unref()
    lines += 1
    return lines <= MOST
  }
}
