import type { KeyRecord, Seconds, Store } from '@signet/engine'
import type { KeyPolicy } from '../config/config.ts'
import { isRetired, keyKind, newKey, type KeyKind } from './key-records.ts'

/** What a rotation is to be. */
export interface Rotation {
  readonly policy: Pick<KeyPolicy, 'announce' | 'retire'>
  readonly now: Seconds
  /** Only the keys for this algorithm (`HMAC`: of the nonces); absent: all. */
  readonly algorithm?: string
}

/**
 * A new key that is wanted soon is announced for so long: by then every running server publishes and believes it, and peers
 * that ask again for a key they do not know, though not twice a minute (`openid-client`), have an answer with it.
 */
export const SHORTEST_NOTICE: Seconds = 75

/** By then every running server has read the new key; before, a client must not encrypt to it. */
const KNOWN_BY_ALL: Seconds = 20

/**
 * Replaces keys of a service. A new one that signs is announced at once and signs after `announce`; the old one stays
 * published until what it signed last has ended, `retire` later. A new one to be encrypted to is published as soon as all
 * servers know it, in the place of the old one, which goes on decrypting for `retire`. Running servers follow within ten
 * seconds. The caller awaits `settled`.
 *
 * @returns the new keys
 * @throws RangeError when the service has no key of the algorithm, or none at all yet.
 * @see OpenID Connect Core §10.1.1 and §10.2.1
 */
export async function rotate(
  store: Pick<Store, 'keys'>,
  rotation: Rotation,
): Promise<readonly KeyRecord[]> {
  const { now, algorithm } = rotation
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
  const made: KeyRecord[] = []
  for (const kind of kinds) made.push(await replace(kind, store, rotation))
  return made
}

/** Puts a new key in the place of those of a kind. The caller awaits `settled`. */
export async function replace(
  kind: KeyKind,
  store: Pick<Store, 'keys'>,
  { policy: { announce, retire }, now }: Rotation,
): Promise<KeyRecord> {
  const made = newKey(kind, now)
  const wait = made.use === 'enc' ? Math.min(announce, KNOWN_BY_ALL) : announce
  const successor = { ...made, signsFrom: now + wait }
  await store.keys.put(successor)
  await retireBefore(successor, store, retire)
  return successor
}

/**
 * Retires the keys whose place another one takes. What is to retire anyway does so no later than they; what was announced
 * only must not sign after its successor.
 */
export async function retireBefore(
  successor: Pick<KeyRecord, 'kid' | 'algorithm' | 'signsFrom'>,
  { keys }: Pick<Store, 'keys'>,
  retire: Seconds,
): Promise<void> {
  for (const key of await keys.list()) {
    if (key.kid === successor.kid || keyKind(key.algorithm) !== keyKind(successor.algorithm))
      continue
    const signsFrom = Math.min(key.signsFrom, successor.signsFrom - 1)
    const retiresAt = Math.min(key.retiresAt ?? Infinity, successor.signsFrom + retire)
    if (signsFrom === key.signsFrom && retiresAt === key.retiresAt) continue
    await keys.put({ ...key, signsFrom, retiresAt })
  }
}

function kindOf({ kid, algorithm }: Pick<KeyRecord, 'kid' | 'algorithm'>): KeyKind {
  const kind = keyKind(algorithm)
  if (kind === undefined) throw new Error(`key ${kid} is of an unknown kind, ${algorithm}`)
  return kind
}
