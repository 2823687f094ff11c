import {
  digestOf,
  type Clock,
  type KeyRecord,
  type Seconds,
  type Service,
  type Store,
} from '@signet/engine'
import { exportPrivateJwk, generateSigningKey, type Algorithm } from '@signet/protocol'
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'

/** Where the keys of a service are kept, and by which time. */
export interface KeyKeeping {
  readonly service: Pick<Service, 'issuer' | 'signingAlgorithms'>
  readonly store: Pick<Store, 'keys' | 'replay' | 'settled'>
  readonly clock: Clock
}

/** EdDSA and Ed25519 are one algorithm under two names, and so need one key. @see RFC 9864 §2.2 */
export function sameAlgorithm(one: string, other: string): boolean {
  return one === other || (isEd25519(one) && isEd25519(other))
}

function isEd25519(algorithm: string): boolean {
  return algorithm === 'EdDSA' || algorithm === 'Ed25519'
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
  const missing = async (): Promise<readonly (Algorithm | 'HMAC')[]> =>
    lacking(await store.keys.list(), service.signingAlgorithms, clock.now())

  while ((await missing()).length > 0) {
    if (await takeTurn({ service, store, clock })) {
      for (const algorithm of await missing()) await store.keys.put(newKey(algorithm, clock.now()))
      await store.settled()
      return
    }
    if (performance.now() > deadline) throw new Error('another process makes keys and does not end')
    await delay(50)
  }
}

function lacking(
  records: readonly KeyRecord[],
  signing: readonly Algorithm[],
  now: Seconds,
): readonly (Algorithm | 'HMAC')[] {
  const has = (algorithm: string): boolean =>
    records.some((key) => sameAlgorithm(key.algorithm, algorithm) && !isRetired(key, now))
  const wanted = distinct(signing)
  return [...wanted, 'HMAC' as const].filter((algorithm) => !has(algorithm))
}

function distinct(algorithms: readonly Algorithm[]): readonly Algorithm[] {
  return algorithms.filter(
    (algorithm, index) =>
      algorithms.findIndex((earlier) => sameAlgorithm(earlier, algorithm)) === index,
  )
}

/** The one atomic verb all processes share decides who goes first, for this turn and the next. */
async function takeTurn({ service, store, clock }: KeyKeeping): Promise<boolean> {
  const turn = Math.floor(clock.now() / TURN)
  const marks = [turn, turn + 1].map((each) => ({
    digest: digestOf(`making keys\n${service.issuer}\n${each}`),
    until: (each + 1) * TURN,
  }))
  return (await store.replay.first(marks)) === undefined
}

/**
 * A key that is published now and signs from then on.
 *
 * @see OpenID Connect Core §10.1.1
 */
export function newKey(
  algorithm: Algorithm | 'HMAC',
  now: Seconds,
  signsFrom: Seconds = now,
): KeyRecord {
  const times = { createdAt: now, signsFrom }
  if (algorithm === 'HMAC') {
    const kid = randomBytes(16).toString('base64url')
    const material = JSON.stringify({ kty: 'oct', k: randomBytes(32).toString('base64url') })
    return { kid, use: 'nonce', algorithm, material, ...times }
  }
  const key = generateSigningKey(algorithm)
  const material = JSON.stringify(exportPrivateJwk(key))
  return { kid: key.kid, use: 'sig', algorithm, material, ...times }
}
