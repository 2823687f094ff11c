import { importPublicJwk, type VerificationKey } from './keys.ts'
import { isObject, UnusableKey } from './public-jwk.ts'
import { shown } from '../rules/shown.ts'

export interface ImportedJwks<Key = VerificationKey> {
  readonly keys: readonly Key[]
  /** Which keys were left aside, and why. */
  readonly ignored: readonly string[]
}

const MOST_KEYS = 100

/**
 * Reads the keys a peer signs with. One that is not for us, or not sound, is left aside and the others work.
 *
 * @throws UnusableKey if it is no JWK set at all.
 * @see RFC 7517 §5
 */
export function importJwks(jwks: unknown): ImportedJwks {
  return importEach(jwks, importPublicJwk)
}

/** Reads those members of a JWK set that the import of one does not refuse. */
export function importEach<Key extends object>(
  jwks: unknown,
  importOne: (jwk: unknown) => Key,
): ImportedJwks<Key> {
  const members: unknown = isObject(jwks) ? jwks['keys'] : undefined
  if (!Array.isArray(members)) throw new UnusableKey('a JWK set is an object with an array keys')
  const keys: Key[] = []
  const ignored: string[] = []
  for (const [index, jwk] of members.slice(0, MOST_KEYS).entries()) {
    const key = orReason(() => importOne(jwk))
    if (typeof key === 'string') ignored.push(`key ${index} (kid ${shown(kidOf(jwk))}): ${key}`)
    else keys.push(key)
  }
  if (members.length > MOST_KEYS) ignored.push(`all keys after the first ${MOST_KEYS}`)
  return { keys, ignored }
}

function orReason<Key>(make: () => Key): Key | string {
  try {
    return make()
  } catch (error) {
    if (error instanceof UnusableKey) return error.message
    throw error
  }
}

function kidOf(jwk: unknown): unknown {
  return isObject(jwk) ? jwk['kid'] : undefined
}
