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

/** Before the text of the seal, which begins with the name of its key. */
const VERSION = 'sealed-2:'
/** The same of an earlier version, which did not bind a key to its times: it counts as not sealed. */
const UNBOUND = 'sealed-1:'

/**
 * Keys whose material is sealed where it is kept, each in its place: AES-256-GCM, bound to the issuer and to all else the
 * record says. What is not sealed is refused: whoever can write to the store could have made it.
 *
 * @throws MasterKeyRefused without a master key, and from `list` when none of them opens a key, or one is not sealed.
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
 * Seals with the first master key what another one sealed; and, if it is told so, what is not sealed.
 *
 * @returns how many keys were sealed
 * @throws MasterKeyRefused before anything is written.
 */
export async function sealAnew(
  records: KeyRecords,
  sealing: Sealing,
  { unsealed = false }: { readonly unsealed?: boolean | undefined } = {},
): Promise<number> {
  const seal = sealOf(sealing)
  const [first] = sealing.masterKeys ?? []
  const name = first && sealKeyName(first)
  const all = (await records.list()).map((record) => ({
    by: sealedBy(record),
    open:
      unsealed && sealedBy(record) === undefined
        ? ofBefore(record, seal, sealing)
        : opened(record, seal, sealing),
  }))
  const old = all.filter(({ by }) => by !== name)
  for (const { open } of old) await sealedKeys(records, sealing).put(open)
  return old.length
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
      'To make one: signet keys master > master.key; then name it as master_key in the configuration file, ' +
      'or in SIGNET_MASTER_KEY_FILE. Keep a copy of it where no copy of the database is.',
  )
}

/** A key as an earlier version left it. */
function ofBefore(record: KeyRecord, seal: Seal, sealing: Sealing): KeyRecord {
  const { kid, use, algorithm, material } = record
  if (!material.startsWith(UNBOUND)) return record
  const owner = JSON.stringify([sealing.issuer, kid, use, algorithm])
  return openedAs(owner, record, { seal, sealing })
}

function opened(record: KeyRecord, seal: Seal, sealing: Sealing): KeyRecord {
  if (sealedBy(record) === undefined) throw new MasterKeyRefused(reasonFor(record, sealing))
  return openedAs(ownerOf(record, sealing), record, { seal, sealing })
}

function openedAs(
  owner: string,
  record: KeyRecord,
  { seal, sealing }: { readonly seal: Seal; readonly sealing: Sealing },
): KeyRecord {
  try {
    return { ...record, material: seal.open(record.material.slice(VERSION.length), owner) }
  } catch (error) {
    if (!(error instanceof SealBroken)) throw error
    throw new MasterKeyRefused(reasonFor(record, sealing), { cause: error })
  }
}

function reasonFor(record: KeyRecord, { issuer, masterKeys = [] }: Sealing): string {
  const by = sealedBy(record)
  const names = masterKeys.map((key) => sealKeyName(key))
  const key = `The key ${record.kid} of ${issuer}`
  if (by === undefined)
    return `${key} is not sealed. Signet keeps none so, and whoever can write to the database could have put it there: remove it. If an earlier version left it, signet keys reseal --unsealed seals it.`
  return names.includes(by)
    ? `${key} is not as master key ${by} sealed it: it was altered, or belongs elsewhere. Restore it from a backup.`
    : `${key} is sealed with master key ${by}, and there is only ${names.join(', ')}. Add ${by} as a further line to the file of master_key.`
}

/** Whose a key is, for what and for how long; as another one, or for longer, it does not open. */
function ownerOf(record: KeyRecord, { issuer }: Sealing): string {
  const { kid, use, algorithm, createdAt, signsFrom, retiresAt } = record
  return JSON.stringify([issuer, kid, use, algorithm, createdAt, signsFrom, retiresAt])
}
