import {
  digestOf,
  type Clock,
  type KeyRecord,
  type Seconds,
  type Service,
  type Store,
} from '@signet/engine'
import {
  exportDecryptionJwk,
  exportPrivateJwk,
  generateEncryptionKey,
  generateSigningKey,
  isAlgorithm,
  type Algorithm,
  type DecryptionAlgorithm,
} from '@signet/protocol'
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'

/** Where the keys of a service are kept, and by which time. */
export interface KeyKeeping {
  readonly service: Pick<Service, 'issuer' | 'signingAlgorithms' | 'requestObjectEncryption'>
  readonly store: Pick<Store, 'keys' | 'replay' | 'settled'>
  readonly clock: Clock
}

/** What a key of ours is made for: to sign, to be encrypted to, or for the nonces. */
export type KeyKind = Algorithm | DecryptionAlgorithm | 'HMAC'

/**
 * The kind of key an algorithm needs. EdDSA and Ed25519 are one algorithm under two names, and key agreement is the same
 * with and without key wrapping; so they need one key.
 *
 * @see RFC 9864 §2.2, RFC 7518 §4.6
 */
export function keyKind(algorithm: string): KeyKind | undefined {
  if (algorithm === 'Ed25519') return 'EdDSA'
  if (algorithm.startsWith('ECDH-ES')) return 'ECDH-ES'
  if (algorithm === 'RSA-OAEP-256' || algorithm === 'HMAC') return algorithm
  return isAlgorithm(algorithm) ? algorithm : undefined
}

/** Every kind of key a service needs. */
export function keyKindsOf({
  signingAlgorithms,
  requestObjectEncryption,
}: KeyKeeping['service']): ReadonlySet<KeyKind> {
  const kinds = [...signingAlgorithms, ...requestObjectEncryption, 'HMAC'].map(keyKind)
  return new Set(kinds.filter((kind) => kind !== undefined))
}

export function isRetired({ retiresAt }: KeyRecord, now: Seconds): boolean {
  return retiresAt !== undefined && retiresAt <= now
}

/** So long the process that makes the keys of a new service may take, before another one may try. */
const TURN: Seconds = 10
const PATIENCE_MILLISECONDS = 30_000

/**
 * Makes the keys a service still lacks. When several processes start at once one of them does, and the others wait for
 * its keys: two keys made at the same time would not know each other.
 *
 * @throws Error when the process whose turn it is does not come to an end.
 */
export async function ensureKeys({ service, store, clock }: KeyKeeping): Promise<void> {
  const deadline = performance.now() + PATIENCE_MILLISECONDS
  const missing = async (): Promise<readonly KeyKind[]> =>
    lacking(await store.keys.list(), service, clock.now())

  while ((await missing()).length > 0) {
    if (await takeTurn({ service, store, clock })) {
      for (const kind of await missing()) await store.keys.put(newKey(kind, clock.now()))
      await store.settled()
      return
    }
    if (performance.now() > deadline) throw new Error('another process makes keys and does not end')
    await delay(50)
  }
}

function lacking(
  records: readonly KeyRecord[],
  service: KeyKeeping['service'],
  now: Seconds,
): readonly KeyKind[] {
  const there = new Set(
    records.filter((record) => !isRetired(record, now)).map((record) => keyKind(record.algorithm)),
  )
  return [...keyKindsOf(service)].filter((kind) => !there.has(kind))
}

/** The one atomic verb all processes share decides who goes first, for this turn and the next. */
export async function takeTurn({ service, store, clock }: KeyKeeping): Promise<boolean> {
  const turn = Math.floor(clock.now() / TURN)
  const marks = [turn, turn + 1].map((each) => ({
    digest: digestOf(`making keys\n${service.issuer}\n${each}`),
    until: (each + 1) * TURN,
  }))
  return (await store.replay.first(marks)) === undefined
}

/** A key that is used from now on. */
export function newKey(kind: KeyKind, now: Seconds): KeyRecord {
  return { ...material(kind), createdAt: now, signsFrom: now }
}

function material(algorithm: KeyKind): Pick<KeyRecord, 'kid' | 'use' | 'algorithm' | 'material'> {
  if (algorithm === 'HMAC') {
    const secret = { kty: 'oct', k: randomBytes(32).toString('base64url') }
    const kid = randomBytes(16).toString('base64url')
    return { kid, use: 'nonce', algorithm, material: JSON.stringify(secret) }
  }
  if (isAlgorithm(algorithm)) {
    const key = generateSigningKey(algorithm)
    const jwk = exportPrivateJwk(key)
    return { kid: key.kid, use: 'sig', algorithm, material: JSON.stringify(jwk) }
  }
  const key = generateEncryptionKey(algorithm)
  const jwk = exportDecryptionJwk(key)
  return { kid: key.kid, use: 'enc', algorithm, material: JSON.stringify(jwk) }
}
