import type { KeyRecord, Seconds } from '@signet/engine'
import type { KeyPolicy } from '../config/config.ts'
import { DEVICE_MAX_AGE } from '../login/known-device.ts'
import { keyKind, keyKindsOf, takeTurn, type KeyKeeping, type KeyKind } from './key-records.ts'
import { replace, retireBefore } from './key-rotation.ts'

/**
 * Replaces the keys whose time has come, unless another process is at it, and ends what one that died has left half done.
 *
 * @param known the keys as they were read last: while nothing is due among them, the store is not asked
 * @returns the new keys
 */
export async function rotateWhenDue(
  keeping: KeyKeeping,
  policy: KeyPolicy,
  known: readonly KeyRecord[],
): Promise<readonly KeyRecord[]> {
  const { service, store, clock } = keeping
  const isDue = (key: KeyRecord): boolean => nextRotation(key, policy) <= clock.now()
  const toDo = (records: readonly KeyRecord[]): readonly Standing[] =>
    [...keyKindsOf(service)]
      .map((kind) => standing(kind, records))
      .filter(({ key, older }) => key === undefined || older || isDue(key))

  if (toDo(known).length === 0 || !(await takeTurn(keeping))) return []
  const made: KeyRecord[] = []
  for (const { kind, key } of toDo(await store.keys.list())) {
    const terms = { announce: policy.announce, retire: retireOf(kind, policy) }
    const isLeft = key !== undefined && !isDue(key)
    if (isLeft) await retireBefore(key, store, terms.retire)
    else made.push(await replace(kind, store, { policy: terms, now: clock.now() }))
  }
  await store.settled()
  return made
}

/** When another key takes the place of this one by itself; `Infinity`: never. */
export function nextRotation(
  { use, signsFrom, retiresAt }: KeyRecord,
  { rotateEvery = Infinity, rotateNoncesEvery = Infinity }: KeyPolicy,
): Seconds {
  if (retiresAt !== undefined) return Infinity
  return signsFrom + (use === 'nonce' ? rotateNoncesEvery : rotateEvery)
}

/** The newest key of a kind that is not to retire, and whether older ones of it do not know yet that they are. */
interface Standing {
  readonly kind: KeyKind
  readonly key: KeyRecord | undefined
  readonly older: boolean
}

function standing(kind: KeyKind, records: readonly KeyRecord[]): Standing {
  const [key, ...others] = records
    .filter(({ algorithm, retiresAt }) => retiresAt === undefined && keyKind(algorithm) === kind)
    .toSorted((a, b) => b.signsFrom - a.signsFrom)
  return { kind, key, older: others.length > 0 }
}

/** By the nonce keys browsers are known again, and those come back late. A nonce is old long before. */
function retireOf(kind: KeyKind, { retire }: KeyPolicy): Seconds {
  return kind === 'HMAC' ? Math.max(retire, DEVICE_MAX_AGE) : retire
}
