import type { KeyRecord, Seconds, Store } from '@signet/engine'
import type { KeyPolicy } from '../config/config.ts'
import { isRetired, keyKind, newKey, type KeyKind } from './key-records.ts'

/** What a rotation is to be. */
export interface Rotation {
  readonly policy: KeyPolicy
  readonly now: Seconds
  /** Only the keys for this algorithm (`HMAC`: of the nonces); absent: all. */
  readonly algorithm?: string
}

/** By then every running server has read the new key; before, a client must not encrypt to it. */
const KNOWN_BY_ALL: Seconds = 20

/**
 * Replaces keys of a service. A new one that signs is announced at once and signs after `announce`; the old one stays
 * published until what it signed last has ended, `retire` later. A new one to be encrypted to is published as soon as all
 * servers know it, in the place of the old one, which goes on decrypting for `retire`. Running servers follow within ten
 * seconds.
 *
 * @returns the new keys
 * @throws RangeError when the service has no key of the algorithm, or none at all yet.
 * @see OpenID Connect Core §10.1.1 and §10.2.1
 */
export async function rotate(
  store: Pick<Store, 'keys' | 'settled'>,
  { policy, now, algorithm }: Rotation,
): Promise<readonly KeyRecord[]> {
  const wanted = algorithm === undefined ? undefined : keyKind(algorithm)
  const chosen = (await store.keys.list())
    .filter((key) => !isRetired(key, now))
    .filter((key) => algorithm === undefined || keyKind(key.algorithm) === wanted)
  const kinds = new Set(chosen.map(kindOf))
  if (kinds.size === 0) {
    throw new RangeError(
      algorithm === undefined
        ? 'the service has no keys yet; its first start makes them'
        : `the service has no key for ${algorithm}`,
    )
  }

  const begins = ({ use }: KeyRecord): Seconds =>
    now + (use === 'enc' ? Math.min(policy.announce, KNOWN_BY_ALL) : policy.announce)
  const successors = [...kinds]
    .map((kind) => newKey(kind, now))
    .map((key) => ({ ...key, signsFrom: begins(key) }))
  for (const key of successors) await store.keys.put(key)
  for (const key of chosen) {
    if (key.retiresAt !== undefined) continue
    await store.keys.put({ ...key, retiresAt: begins(key) + policy.retire })
  }
  await store.settled()
  return successors
}

function kindOf({ kid, algorithm }: KeyRecord): KeyKind {
  const kind = keyKind(algorithm)
  if (kind === undefined) throw new Error(`key ${kid} is of an unknown kind, ${algorithm}`)
  return kind
}
