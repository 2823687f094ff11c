import {
  importJwks,
  isObject,
  type Algorithm,
  type JsonObject,
  type Seconds,
  type VerificationKey,
} from '@signet/protocol'
import { createFetched, PAUSE, PAUSE_AT_START, type Fetched } from './fetched.ts'
import { parsedJson } from './parsed-json.ts'
import type { World } from './world.ts'

/** Where the keys of somebody are. */
export interface KeySource {
  /** Keys that were configured; without them, they are fetched. */
  readonly jwks?: JsonObject | undefined
  /** The https URL of the JWK set. */
  readonly url: () => Promise<string> | string
  readonly algorithms: readonly Algorithm[]
  readonly onFailure: (why: string) => void
}

/** The keys of somebody else, as far as they may be used. */
export interface KeySet {
  /** The keys, at once if they are known; old ones are fetched anew in the background. */
  current(): readonly VerificationKey[] | undefined
  /** The keys, whatever it takes; undefined when none were ever read. */
  load(): Promise<readonly VerificationKey[] | undefined>
  /** The same, but fetched anew for a name that none of them has, at most once per 10 s. */
  loadFor(kid: string | undefined): Promise<readonly VerificationKey[] | undefined>
  /** Why the last fetch failed. */
  readonly failure: string | undefined
}

/** A key that was withdrawn is taken for so long at most, if its owner can be reached. */
const KEYS_SECONDS: Seconds = 300

export function createKeySet(source: KeySource, world: World): KeySet {
  if (source.jwks !== undefined) {
    const keys = usableKeys(importJwks(source.jwks).keys, source.algorithms)
    const load = async (): Promise<readonly VerificationKey[]> => keys
    return { current: () => keys, load, loadFor: load, failure: undefined }
  }
  const keys = fetchedKeys(source, world)
  const current = (): readonly VerificationKey[] | undefined => {
    if (keys.value !== undefined && world.now() - keys.since > KEYS_SECONDS) void keys.refresh()
    return keys.value?.keys
  }
  const load = async (): Promise<readonly VerificationKey[] | undefined> => {
    const known = current()
    if (known !== undefined) return known
    await keys.refresh()
    return keys.value?.keys
  }
  return {
    current,
    load,
    loadFor: async (name) => {
      const known = await load()
      if (known?.some(({ kid }) => kid !== undefined && kid === name)) return known
      await keys.refresh()
      return keys.value?.keys
    },
    get failure() {
      return keys.failure
    },
  }
}

interface FetchedKeys {
  readonly text: string
  readonly keys: readonly VerificationKey[]
}

function fetchedKeys(
  { url: locate, algorithms, onFailure }: KeySource,
  world: World,
): Fetched<FetchedKeys> {
  const readKeys = (document: JsonObject): readonly VerificationKey[] => {
    const { keys, ignored } = importJwks(withoutEncryption(document))
    if (ignored.length > 0) onFailure(`left aside: ${ignored.join('; ')}`)
    const usable = usableKeys(keys, algorithms)
    if (usable.length === 0) throw new Error('the JWK set has no key that may be used')
    return usable
  }
  const load = async (last: FetchedKeys | undefined): Promise<FetchedKeys> => {
    const url = await locate()
    const { status, body } = await world.http({
      url,
      accept: 'application/jwk-set+json, application/json',
    })
    const text = body.toString('latin1')
    // The same keys stay the same object, so that tokens verified with them stay verified.
    if (status === 200 && last?.text === text) return last
    const document = status === 200 ? parsedJson(body) : undefined
    if (document === undefined) throw new Error(`${url}: status ${status}, or no JSON object`)
    return { text, keys: readKeys(document) }
  }
  return createFetched(load, {
    now: () => world.now(),
    pause: PAUSE,
    pauseAtStart: PAUSE_AT_START,
    onFailure,
  })
}

/** Keys that others encrypt to stand in the same set: no trouble, and nothing to us. @see RFC 7517 §4.2 */
function withoutEncryption(jwks: JsonObject): JsonObject {
  const { keys } = jwks
  if (!Array.isArray(keys)) return jwks
  return { keys: keys.filter((jwk: unknown) => !isObject(jwk) || jwk['use'] !== 'enc') }
}

/** The keys, each for the algorithms that are wanted only. */
export function usableKeys(
  keys: readonly VerificationKey[],
  wanted: readonly Algorithm[],
): readonly VerificationKey[] {
  return keys
    .map((key) => ({ ...key, algorithms: key.algorithms.filter((each) => wanted.includes(each)) }))
    .filter(({ algorithms }) => algorithms.length > 0)
}
