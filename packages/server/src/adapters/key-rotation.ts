import type { KeyRecord, Seconds, Store } from '@signet/engine'
import { isAlgorithm } from '@signet/protocol'
import type { KeyPolicy } from '../config/config.ts'
import { isRetired, newKey, sameAlgorithm } from './key-records.ts'

/** What a rotation is to be. */
export interface Rotation {
  readonly policy: KeyPolicy
  readonly now: Seconds
  /** Only the keys of this algorithm (`HMAC`: of the nonces); absent: all. */
  readonly algorithm?: string
}

/**
 * Replaces keys of a service: the new one is announced at once and signs after `announce`; the old one stays published
 * until what it signed last has ended, `retire` later. Running servers follow within ten seconds.
 *
 * @returns the new keys
 * @throws RangeError when the service has no key of the algorithm, or none at all yet.
 * @see OpenID Connect Core §10.1.1
 */
export async function rotate(
  store: Pick<Store, 'keys' | 'settled'>,
  { policy, now, algorithm }: Rotation,
): Promise<readonly KeyRecord[]> {
  const chosen = (await store.keys.list())
    .filter((key) => !isRetired(key, now))
    .filter((key) => algorithm === undefined || sameAlgorithm(key.algorithm, algorithm))
  const algorithms = new Set(
    chosen.map((key) => (isAlgorithm(key.algorithm) ? key.algorithm : 'HMAC')),
  )
  if (algorithms.size === 0) {
    throw new RangeError(
      algorithm === undefined
        ? 'the service has no keys yet; its first start makes them'
        : `the service has no key for ${algorithm}`,
    )
  }

  const signsFrom = now + policy.announce
  const successors = [...algorithms].map((each) => newKey(each, now, signsFrom))
  for (const key of successors) await store.keys.put(key)
  for (const key of chosen) {
    if (key.retiresAt !== undefined) continue
    await store.keys.put({ ...key, retiresAt: signsFrom + policy.retire })
  }
  await store.settled()
  return successors
}
