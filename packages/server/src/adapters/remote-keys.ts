import type { Clock, Seconds, WantedKey } from '@signet/engine'
import { isCertificateOf, selectKeys, type VerificationKey } from '@signet/protocol'
import { readKeys, type ClientKeys, type ReadKeys } from './client-keys.ts'
import { FetchFailed, type Fetch, type FetchFailure } from './outgoing.ts'

/** How a fetch of a JWK set ended; a label for metrics. */
export type JwksFetchResult = 'ok' | FetchFailure

/** What keys at a `jwks_uri` need of the outside world. */
export interface RemoteKeysPorts {
  readonly fetch: Fetch
  readonly clock: Clock
  /** Told of every fetch; `detail` says what was wrong, or which keys were left aside. */
  readonly fetched: (url: string, result: JwksFetchResult, detail?: string) => void
}

/** Whatever `max-age` asks for, a set is kept at least and at most so long. */
const SHORTEST_KEPT: Seconds = 60
const LONGEST_KEPT: Seconds = 600
/** Invented kids must not make us a tool to flood somebody's server. */
const BETWEEN_FETCHES: Seconds = 10
/** A key its owner has withdrawn must not work for ever because its owner cannot be reached. */
const LONGEST_STALE: Seconds = 86_400

interface KeySet extends Omit<ReadKeys, 'ignored'> {
  readonly freshUntil: Seconds
  readonly believedUntil: Seconds
}

const NOTHING: KeySet = { keys: [], encryption: [], freshUntil: 0, believedUntil: 0 }

/**
 * The keys a client publishes at its `jwks_uri`. A key that is new there works at once: an unknown `kid` or certificate fetches the
 * set again, though not more often than every ten seconds. While the set cannot be had the last one stays in use.
 *
 * @see OpenID Connect Core §10.1.1
 */
export function remoteKeys(url: string, { fetch, clock, fetched }: RemoteKeysPorts): ClientKeys {
  let set = NOTHING
  let triedAt = -Infinity
  let underWay: Promise<void> | undefined

  const refresh = async (): Promise<void> => {
    try {
      const { body, maxAge = LONGEST_KEPT } = await fetch(url)
      const { ignored, ...keys } = readJwks(body)
      const now = clock.now()
      const kept = Math.min(Math.max(maxAge, SHORTEST_KEPT), LONGEST_KEPT)
      set = { ...keys, freshUntil: now + kept, believedUntil: now + LONGEST_STALE }
      fetched(url, 'ok', ignored.length > 0 ? ignored.join('; ') : undefined)
    } catch (error) {
      if (!(error instanceof FetchFailed)) throw error
      fetched(url, error.reason, error.message)
    }
  }

  const refreshUnlessJustTried = async (): Promise<void> => {
    const now = clock.now()
    const justTried = now >= triedAt && now < triedAt + BETWEEN_FETCHES
    if (underWay === undefined && !justTried) {
      triedAt = now
      underWay = refresh().finally(() => {
        underWay = undefined
      })
    }
    await underWay
  }

  const current = async (isLacking: (known: KeySet) => boolean): Promise<KeySet> => {
    if (clock.now() >= set.freshUntil || isLacking(set)) await refreshUnlessJustTried()
    return clock.now() < set.believedUntil ? set : NOTHING
  }

  return {
    find: async (wanted) => (await current(({ keys }) => lacks(keys, wanted))).keys,
    encryption: async (alg) =>
      (await current(({ encryption }) => !encryption.some((key) => key.algorithms.includes(alg))))
        .encryption,
  }
}

function lacks(keys: readonly VerificationKey[], wanted: WantedKey): boolean {
  if ('certificate' in wanted) return !keys.some((key) => isCertificateOf(key, wanted.certificate))
  const { kid, alg } = wanted
  if (kid === undefined) return selectKeys(keys, { alg }).length === 0
  return !keys.some((key) => key.kid === kid)
}

function readJwks(body: string): ReadKeys {
  try {
    return readKeys(JSON.parse(body))
  } catch (error) {
    throw new FetchFailed('malformed', 'the answer is no JWK set', error)
  }
}
