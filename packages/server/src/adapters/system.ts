import type { Clock, Random } from '@signet/engine'
import { randomBytes } from 'node:crypto'

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Math.floor(Date.now() / 1000),
  milliseconds: () => Date.now(),
}

/** The cryptographic source of the machine. */
export const systemRandom: Random = {
  token: (bits) => randomBytes(Math.ceil(bits / 8)).toString('base64url'),
}
