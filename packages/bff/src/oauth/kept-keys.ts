import type { Seconds } from '@signet/protocol'
import type { Clock } from '../config/options.ts'
import type { Outgoing } from './outgoing.ts'

/** Strangers choose the name of a key: they must not choose how often we ask. What the owner of the keys sends itself, may. */
const PAUSE: Seconds = 10
const FRESH: Seconds = 600

/**
 * Keeps keys that somebody publishes. If none fits, they are asked for again, now and then.
 *
 * @param load throws what whoever needs the keys is told, as long as there are none
 */
export function keepKeys<Keys extends object>(
  load: () => Promise<Keys>,
  clock: Clock,
): (fits: (known: Keys) => boolean, pause?: Seconds) => Promise<Keys> {
  let keys: Keys | undefined
  let failure: unknown
  let askedAt = Number.NEGATIVE_INFINITY
  let underWay: Promise<void> | undefined

  const ask = async (): Promise<void> => {
    try {
      keys = await load()
    } catch (error) {
      failure = error
    } finally {
      askedAt = clock.now()
      underWay = undefined
    }
  }
  return async (fits, pause = PAUSE) => {
    // A clock that was set back must not keep us from asking.
    const age = Math.abs(clock.now() - askedAt)
    const isWanting = keys === undefined || !fits(keys)
    if (age >= FRESH || (age >= pause && isWanting)) await (underWay ??= ask())
    // What was good stays good while the server is down.
    if (keys === undefined) throw failure
    return keys
  }
}

export interface JwksSource {
  readonly outgoing: Outgoing
  readonly timeout: Seconds
}

/** @throws whatever kept the set from coming */
export async function fetchJwks(url: string, { outgoing, timeout }: JwksSource): Promise<unknown> {
  const response = await outgoing.fetch(url, {
    method: 'GET',
    headers: { accept: 'application/jwk-set+json, application/json' },
    body: undefined,
    redirect: 'manual',
    signal: AbortSignal.timeout(timeout * 1_000),
  })
  if (response.status !== 200) throw new Error(`the server answers ${response.status}`)
  return response.json()
}
