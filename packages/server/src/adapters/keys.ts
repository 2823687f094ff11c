import type { KeyRecord, Keys, Seconds } from '@signet/engine'
import {
  ALGORITHMS,
  createNonces,
  importPrivateJwk,
  verificationKeyOf,
  type Algorithm,
  type Nonces,
  type SigningKey,
  type VerificationKey,
} from '@signet/protocol'
import { hkdfSync } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { ensureKeys, isRetired, sameAlgorithm, type KeyKeeping } from './key-records.ts'

/** The keys of a service as they are in the store now, whichever process changed them. */
export interface KeyRing extends Keys {
  /** Secrets for other uses, the current one first; they come and go with the nonce keys. */
  secrets(purpose: string): readonly Buffer[]
  /** Reads the store again. */
  reload(): Promise<void>
  /** Ends the reloading. */
  stop(): void
}

export interface KeyRingPorts extends KeyKeeping {
  /** The keys could not be read; those known stay in use. */
  readonly failed: (error: unknown) => void
}

/** Shorter than any announcement should be, so that every process knows a key before it signs. */
const RELOAD_MILLISECONDS = 10_000

/** Opens the key ring of a service, and makes the keys it lacks. */
export async function openKeyRing(ports: KeyRingPorts): Promise<KeyRing> {
  const { service, store, clock, failed } = ports
  const imported = new Map<string, SigningKey>()
  await ensureKeys(ports)
  let records = await store.keys.list()
  let view = viewOf(records, { now: clock.now(), imported })

  const current = (): View => {
    const now = clock.now()
    if (now < view.from || now >= view.until) view = viewOf(records, { now, imported })
    return view
  }
  const reload = async (): Promise<void> => {
    const found = await store.keys.list()
    if (isDeepStrictEqual(found, records)) return
    view = viewOf(found, { now: clock.now(), imported })
    records = found
  }
  const timer = setInterval(() => void reload().catch(failed), RELOAD_MILLISECONDS).unref()

  return {
    algorithms: service.signingAlgorithms,
    signer: (algorithm) => current().signers.get(algorithm),
    get published() {
      return current().published
    },
    get jwks() {
      return current().jwks
    },
    nonces: {
      current: () => current().nonces.current(clock.now()),
      policy: { accepts: (nonce) => current().nonces.accepts(nonce, clock.now()) },
    },
    secrets: (purpose) =>
      current().secrets.map((key) => Buffer.from(hkdfSync('sha256', key, '', purpose, 32))),
    reload,
    stop: () => clearInterval(timer),
  }
}

/** What the records mean between two moments at which a key begins to sign or retires. */
interface View {
  readonly from: Seconds
  readonly until: Seconds
  readonly signers: ReadonlyMap<Algorithm, SigningKey>
  readonly published: readonly VerificationKey[]
  readonly jwks: string
  readonly nonces: Nonces
  readonly secrets: readonly Buffer[]
}

interface Moment {
  readonly now: Seconds
  /** Keys imported before, by name: an import costs far more than a view. */
  readonly imported: Map<string, SigningKey>
}

function viewOf(records: readonly KeyRecord[], { now, imported }: Moment): View {
  const alive = records.filter((record) => !isRetired(record, now))
  const signing = alive.filter(({ use }) => use === 'sig')
  const keys = signing.map((record) => importOnce(record, imported))
  const secrets = inOrderOfUse(
    alive.filter(({ use }) => use === 'nonce'),
    now,
  ).map(secretOf)
  const [key, ...earlierKeys] = secrets
  if (key === undefined) throw new Error('the service has no nonce key')
  return {
    from: now,
    until: nextChange(records, now),
    signers: signersAmong(signing, { now, imported }),
    published: keys.map((each) => verificationKeyOf(each)),
    jwks: JSON.stringify({ keys: keys.map(({ publicJwk }) => publicJwk) }),
    nonces: createNonces({ key, earlierKeys }),
    secrets,
  }
}

function importOnce(record: KeyRecord, imported: Map<string, SigningKey>): SigningKey {
  const known = imported.get(record.kid)
  if (known !== undefined) return known
  const key = importPrivateJwk(JSON.parse(record.material))
  imported.set(record.kid, key)
  return key
}

function secretOf({ material }: KeyRecord): Buffer {
  const jwk: unknown = JSON.parse(material)
  const k = typeof jwk === 'object' && jwk !== null && 'k' in jwk ? jwk.k : undefined
  if (typeof k !== 'string') throw new Error('a nonce key in the store is no octet key')
  return Buffer.from(k, 'base64url')
}

function nextChange(records: readonly KeyRecord[], now: Seconds): Seconds {
  const moments = records.flatMap(({ signsFrom, retiresAt = Infinity }) => [signsFrom, retiresAt])
  return Math.min(...moments.filter((moment) => moment > now), Infinity)
}

function signersAmong(
  records: readonly KeyRecord[],
  { now, imported }: Moment,
): ReadonlyMap<Algorithm, SigningKey> {
  const signers = new Map<Algorithm, SigningKey>()
  for (const algorithm of ALGORITHMS) {
    const able = records.filter((record) => sameAlgorithm(record.algorithm, algorithm))
    const [first] = inOrderOfUse(able, now)
    if (first !== undefined) signers.set(algorithm, importOnce(first, imported))
  }
  return signers
}

/**
 * The one in use first: the newest that has begun. Of keys that have not, the next to begin, because the clock of the
 * process that made them may be ahead of ours.
 */
function inOrderOfUse(records: readonly KeyRecord[], now: Seconds): readonly KeyRecord[] {
  const begun = records.filter(({ signsFrom }) => signsFrom <= now)
  const others = records.filter(({ signsFrom }) => signsFrom > now)
  return [...begun.toSorted((a, b) => -older(a, b)), ...others.toSorted(older)]
}

function older(a: KeyRecord, b: KeyRecord): number {
  return a.signsFrom - b.signsFrom || a.createdAt - b.createdAt || (a.kid < b.kid ? -1 : 1)
}
