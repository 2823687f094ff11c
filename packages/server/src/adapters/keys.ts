import type { KeyRecord, Keys, Seconds } from '@signet/engine'
import {
  ALGORITHMS,
  createNonces,
  importDecryptionJwk,
  importPrivateJwk,
  verificationKeyOf,
  type Algorithm,
  type DecryptionKey,
  type Nonces,
  type ExternalSigningKey,
  type Signer,
  type SigningKey,
  type VerificationKey,
} from '@signet/protocol'
import { hkdfSync } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { KeyPolicy } from '../config/config.ts'
import type { ExternalSigners } from './external-signers.ts'
import {
  ensureKeys,
  isRetired,
  keyKind,
  keyKindsOf,
  type KeyKeeping,
  type KeyKind,
} from './key-records.ts'
import { retireBefore } from './key-rotation.ts'
import { rotateWhenDue } from './key-schedule.ts'

/** The keys of a service as they are in the store now, whichever process changed them. */
export interface KeyRing extends Keys {
  /** Secrets for other uses, the current one first; they come and go with the nonce keys. */
  secrets(purpose: string): readonly Buffer[]
  /** Reads the store again, and replaces the keys whose time has come. */
  reload(): Promise<void>
  /** Ends the reloading. */
  stop(): void
}

export interface KeyRingPorts extends KeyKeeping {
  /** Absent: all keys are in the store. */
  readonly signers?: ExternalSigners
  /** The keys could not be read; those known stay in use. */
  readonly failed: (error: unknown) => void
  /** Absent: keys are replaced by command only. */
  readonly schedule?: {
    readonly policy: KeyPolicy
    readonly rotated: (made: readonly KeyRecord[]) => Promise<void>
  }
}

/** Shorter than any announcement should be, so that every process knows a key before it signs. */
const RELOAD_MILLISECONDS = 10_000

/** Opens the key ring of a service, and makes the keys it lacks. */
export async function openKeyRing(ports: KeyRingPorts): Promise<KeyRing> {
  const { service, store, clock, failed, schedule, signers = async () => [] } = ports
  const external = await signers()
  const elsewhere = kindsOf(external)
  const inStore = { ...ports, service: withoutKinds(elsewhere, service) }
  await ensureKeys(inStore)
  if (schedule) await retireFor(external, inStore, schedule.policy.retire)
  const look = looking(ports)
  let known: Known = { records: await store.keys.list(), external }
  let view = look(known)

  const current = (): View => {
    const now = clock.now()
    if (now < view.from || now >= view.until) view = look(known)
    return view
  }
  const learn = (found: Known): void => {
    if (isDeepStrictEqual(found, known)) return
    view = look(found)
    known = found
  }
  // Keys that others put into the store are followed whatever becomes of those elsewhere.
  const read = async (): Promise<void> => {
    learn({ ...known, records: await store.keys.list() })
    const there = await signers()
    requireKinds(elsewhere, there)
    learn({ ...known, external: there })
  }
  const reload = async (): Promise<void> => {
    await read()
    const made = schedule ? await rotateWhenDue(inStore, schedule.policy, known.records) : []
    if (made.length === 0) return
    await read()
    await schedule?.rotated(made)
  }
  const timer = setInterval(() => void reload().catch(failed), RELOAD_MILLISECONDS).unref()

  return {
    algorithms: service.signingAlgorithms,
    signer: (algorithm) => current().signers.get(algorithm),
    get published() {
      return current().published
    },
    get decryption() {
      return current().decryption
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

/** The store has no key in the place of one that signed elsewhere, and gets one at a start only. */
function requireKinds(
  elsewhere: ReadonlySet<KeyKind | undefined>,
  external: readonly ExternalSigningKey[],
): void {
  const left = kindsOf(external)
  const isGone = [...elsewhere].some((kind) => !left.has(kind))
  if (isGone) throw new Error('a key that signed elsewhere is gone')
}

function kindsOf(external: readonly ExternalSigningKey[]): ReadonlySet<KeyKind | undefined> {
  return new Set(external.map(({ algorithm }) => keyKind(algorithm)))
}

/** A service as the store has to know it: other keys sign with the rest of its algorithms. */
function withoutKinds(
  kinds: ReadonlySet<KeyKind | undefined>,
  service: KeyKeeping['service'],
): KeyKeeping['service'] {
  const signingAlgorithms = service.signingAlgorithms.filter((each) => !kinds.has(keyKind(each)))
  return { ...service, signingAlgorithms }
}

/** Lets the keys in the store retire in whose place others sign now. */
async function retireFor(
  external: readonly ExternalSigningKey[],
  { store, clock }: KeyKeeping,
  retire: Seconds,
): Promise<void> {
  const signsFrom = clock.now()
  for (const { kid, algorithm } of external) {
    await retireBefore({ kid, algorithm, signsFrom }, store, retire)
  }
  await store.settled()
}

/** What the records mean between two moments at which a key comes into use or retires. */
interface View {
  readonly from: Seconds
  readonly until: Seconds
  readonly signers: ReadonlyMap<Algorithm, Signer>
  readonly published: readonly VerificationKey[]
  readonly decryption: readonly DecryptionKey[]
  readonly jwks: string
  readonly nonces: Nonces
  readonly secrets: readonly Buffer[]
}

/** The keys there are. */
interface Known {
  readonly records: readonly KeyRecord[]
  /** Those that sign elsewhere. */
  readonly external: readonly ExternalSigningKey[]
}

interface Moment extends Pick<Known, 'external'> {
  readonly now: Seconds
  /** The kinds of keys the service uses. */
  readonly kinds: ReadonlySet<KeyKind>
  readonly signing: Importer<SigningKey>
  readonly decryption: Importer<DecryptionKey>
}

type Importer<Key> = (record: KeyRecord) => Key

/** Imports every key once: that costs far more than a view. */
function importing<Key>(read: (jwk: unknown) => Key): Importer<Key> {
  const imported = new Map<string, Key>()
  return ({ kid, material }) => {
    const key = imported.get(kid) ?? read(JSON.parse(material))
    imported.set(kid, key)
    return key
  }
}

function looking({ service, clock }: KeyRingPorts): (known: Known) => View {
  const constant = {
    kinds: keyKindsOf(service),
    signing: importing(importPrivateJwk),
    decryption: importing(importDecryptionJwk),
  }
  return ({ records, external }) => viewOf(records, { now: clock.now(), external, ...constant })
}

function viewOf(records: readonly KeyRecord[], moment: Moment): View {
  const { now } = moment
  const alive = records.filter((record) => !isRetired(record, now))
  const signing = alive.filter(({ use }) => use === 'sig')
  const encryption = alive.filter(({ use }) => use === 'enc')
  const keys: readonly Signer[] = [...moment.external, ...signing.map(moment.signing)]
  const published = [...keys, ...encryptedTo(encryption, moment)]
  const secrets = inOrderOfUse(
    alive.filter(({ use }) => use === 'nonce'),
    now,
  ).map(secretOf)
  const [key, ...earlierKeys] = secrets
  if (key === undefined) throw new Error('the service has no nonce key')
  return {
    from: now,
    until: nextChange(records, now),
    signers: signersAmong(signing, moment),
    published: keys.map((each) => verificationKeyOf(each)),
    decryption: encryption.toSorted((a, b) => -older(a, b)).map(moment.decryption),
    jwks: JSON.stringify({ keys: published.map(publishedJwk) }),
    nonces: createNonces({ key, earlierKeys }),
    secrets,
  }
}

/** A key of Ed25519 has two algorithm names and tells neither, because peers take a key for the one it tells only (X16). */
function publishedJwk({ publicJwk }: Signer | DecryptionKey): object {
  if (publicJwk.kty !== 'OKP') return publicJwk
  const { alg: _either, ...jwk } = publicJwk
  return jwk
}

/** The keys clients are to encrypt to: of each kind the one in use, and only of kinds that are taken. */
function encryptedTo(
  records: readonly KeyRecord[],
  { now, kinds, decryption }: Moment,
): readonly DecryptionKey[] {
  return [...kinds].flatMap((kind) => {
    const able = records.filter(({ algorithm }) => keyKind(algorithm) === kind)
    return inOrderOfUse(able, now).slice(0, 1).map(decryption)
  })
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
  { now, external, signing }: Moment,
): ReadonlyMap<Algorithm, Signer> {
  const signers = new Map<Algorithm, Signer>()
  for (const algorithm of ALGORITHMS) {
    const isAble = (key: { readonly algorithm: string }): boolean =>
      keyKind(key.algorithm) === keyKind(algorithm)
    const [first] = inOrderOfUse(records.filter(isAble), now)
    const signer = external.find(isAble) ?? (first && signing(first))
    if (signer !== undefined) signers.set(algorithm, signer)
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

function endOf({ retiresAt = Number.MAX_SAFE_INTEGER }: KeyRecord): Seconds {
  return retiresAt
}

function older(a: KeyRecord, b: KeyRecord): number {
  return (
    a.signsFrom - b.signsFrom ||
    a.createdAt - b.createdAt ||
    endOf(a) - endOf(b) ||
    (a.kid < b.kid ? -1 : 1)
  )
}
