import type { Clock, Random } from '@signet/engine'
import { randomBytes } from 'node:crypto'

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Math.floor(Date.now() / 1000),
  milliseconds: () => Date.now(),
}

/** A call to the source costs more than what it gives, so it is asked for many tokens at once. */
const POOL_BYTES = 4096

let pool = Buffer.alloc(0)

/** The cryptographic source of the machine. What was given is wiped, so that memory never tells a token again. */
export const systemRandom: Random = {
  token: (bits) => {
    const size = Math.ceil(bits / 8)
    if (pool.length < size) pool = randomBytes(Math.max(POOL_BYTES, size))
    const taken = pool.subarray(0, size)
    pool = pool.subarray(size)
    const token = taken.toString('base64url')
    taken.fill(0)
    return token
  },
}
