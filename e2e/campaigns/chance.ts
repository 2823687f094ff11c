/** Chance that can be had again: the same seed makes the same choices. How processes interleave is not in it. */
export interface Chance {
  /** At least zero, less than `limit`, whole. */
  below(limit: number): number
  /** True with this probability. */
  hits(probability: number): boolean
}

/** Mulberry32: small, and good enough to choose moments and victims. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    below: (limit) => Math.floor(next() * limit),
    hits: (probability) => next() < probability,
  }
}
