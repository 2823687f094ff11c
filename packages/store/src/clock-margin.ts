import type { Seconds } from '@signet/engine'

/**
 * How much longer than it matters a row is kept. Whether it still counts is judged by the clock of whoever asks; the clock of
 * whoever sweeps may be ahead of that, and any clock may be set back. A mark that was swept meanwhile would let the statement it
 * stands for be used again, a revocation let a token live.
 */
export const CLOCK_MARGIN: Seconds = 600
