import type { KeyRecord, KeyRecords } from '@signet/engine'
import { createSeal, SealBroken, sealKeyName, type Seal } from '@signet/protocol'
import { randomBytes } from 'node:crypto'

/** The keys of a service cannot be opened, or must not be written. Names master keys by digests that tell nothing of them. */
export class MasterKeyRefused extends Error {
  override readonly name = 'MasterKeyRefused'
}

/** Whose keys are sealed, and with what. */
export interface Sealing {
  readonly issuer: string
  /** 32 bytes each: the first seals, all open. */
  readonly masterKeys: readonly Buffer[] | undefined
}

/** Before the text of the seal, which begins with the name of its key. Unsealed material is JSON and begins with a brace. */
const VERSION = 'sealed-1:'

/**
 * Keys whose material is sealed where it is kept, each in its place: AES-256-GCM, bound to issuer, `kid`, use and algorithm.
 * Material that an earlier version left unsealed is read as it is.
 *
 * @throws MasterKeyRefused without a master key, and from `list` when none of them opens a key.
 */
export function sealedKeys(records: KeyRecords, sealing: Sealing): KeyRecords {
  const seal = sealOf(sealing)
  return {
    list: async () => (await records.list()).map((record) => opened(record, seal, sealing)),
    put: (record) =>
      records.put({
        ...record,
        material: VERSION + seal.close(record.material, ownerOf(record, sealing)),
      }),
  }
}

/**
 * Seals what is not sealed as it should be: what an earlier version left unsealed, and on demand what another master key
 * than the first sealed.
 *
 * @returns how many keys were sealed
 * @throws MasterKeyRefused before anything is written.
 */
export async function sealAnew(
  records: KeyRecords,
  sealing: Sealing,
  which: 'unsealed' | 'all',
): Promise<number> {
  const sealed = sealedKeys(records, sealing)
  const [first] = sealing.masterKeys ?? []
  const name = first && sealKeyName(first)
  const open = await sealed.list()
  const old = (await records.list()).filter((record) => {
    const by = sealedBy(record)
    return by === undefined || (which === 'all' && by !== name)
  })
  const kids = new Set(old.map(({ kid }) => kid))
  const chosen = open.filter(({ kid }) => kids.has(kid))
  for (const record of chosen) await sealed.put(record)
  return chosen.length
}

/** The name of the master key that sealed a key; undefined when it is not sealed. */
export function sealedBy({ material }: KeyRecord): string | undefined {
  if (!material.startsWith(VERSION)) return undefined
  return material.slice(VERSION.length).split('.', 1)[0]
}

/** @throws MasterKeyRefused without a master key. */
export function requireMasterKey(sealing: Sealing): void {
  sealOf(sealing)
}

function sealOf({ issuer, masterKeys = [] }: Sealing): Seal {
  if (masterKeys.length > 0) return createSeal({ keys: masterKeys, random: randomBytes })
  throw new MasterKeyRefused(
    `The keys of ${issuer} are kept sealed with a master key, and none is configured. ` +
      'To make one: signet keys master > master.key; then name the file as master_key in the settings, ' +
      'or in SIGNET_MASTER_KEY_FILE. Keep a copy of it where no copy of the database is.',
  )
}

function opened(record: KeyRecord, seal: Seal, sealing: Sealing): KeyRecord {
  const by = sealedBy(record)
  if (by === undefined) return record
  try {
    const material = record.material.slice(VERSION.length)
    return { ...record, material: seal.open(material, ownerOf(record, sealing)) }
  } catch (error) {
    if (!(error instanceof SealBroken)) throw error
    throw new MasterKeyRefused(reasonFor(record, by, sealing), { cause: error })
  }
}

function reasonFor({ kid }: KeyRecord, by: string, { issuer, masterKeys = [] }: Sealing): string {
  const names = masterKeys.map((key) => sealKeyName(key))
  return names.includes(by)
    ? `The key ${kid} of ${issuer} is not as master key ${by} sealed it: it was altered, or belongs elsewhere. Restore it from a backup.`
    : `The key ${kid} of ${issuer} is sealed with master key ${by}, and there is only ${names.join(', ')}. Add ${by} as a further line to the file of master_key.`
}

/** Where a key belongs; in another place it does not open. */
function ownerOf({ kid, use, algorithm }: KeyRecord, { issuer }: Sealing): string {
  return JSON.stringify([issuer, kid, use, algorithm])
}
