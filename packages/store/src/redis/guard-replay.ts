import type { Replay, Seconds } from '@signet/engine'
import type { RedisAddress } from './address.ts'
import { Connection } from './connection.ts'
import { Decisions } from './decisions.ts'
import { Keys } from './keys.ts'
import { SETTLING } from './open-redis.ts'

export interface RedisReplayOptions extends RedisAddress {
  /** The resource identifier of the API: whoever guards the same API remembers together. */
  readonly resource: string
  /** That of the guard; the clock of this machine by default. */
  readonly now?: (() => Seconds) | undefined
  /** How long every request is refused after Redis restarted or failed over; 3 s by default. @see RedisOptions */
  readonly settling?: Seconds | undefined
}

/** Where the guards of an API remember used proofs, on however many machines. */
export interface RedisReplay extends Replay {
  /** Lets go of the connection. What is asked afterwards is refused. */
  close(): void
}

/**
 * Connects, and again by itself whenever that breaks. Rejects while Redis cannot tell whether a proof was used.
 *
 * @throws RedisRefused when Redis is set up so that it forgets what must not be forgotten; StoreUnavailable when it cannot
 *   be asked now.
 */
export async function openRedisReplay(options: RedisReplayOptions): Promise<RedisReplay> {
  const { resource, now = () => Date.now() / 1_000, settling = SETTLING } = options
  const connection = await Connection.open(options)
  const decisions = new Decisions({ connection, keys: new Keys('resource', resource), settling })
  return {
    first: (marks) => decisions.mark(marks, now()),
    close: () => connection.close(),
  }
}
