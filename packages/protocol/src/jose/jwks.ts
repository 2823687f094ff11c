import { importPublicJwk, type VerificationKey } from './keys.ts'
import { isObject, UnusableKey } from './public-jwk.ts'
import { shown } from '../rules/shown.ts'

export interface ImportedJwks {
  readonly keys: readonly VerificationKey[]
  /** Which keys were left aside, and why. */
  readonly ignored: readonly string[]
}

const MOST_KEYS = 100

/**
 * Reads the keys of a peer. One that is not for us, or not sound, is left aside and the others work.
 *
 * @throws UnusableKey if it is no JWK set at all.
 * @see RFC 7517 §5
 */
export function importJwks(jwks: unknown): ImportedJwks {
  const members: unknown = isObject(jwks) ? jwks['keys'] : undefined
  if (!Array.isArray(members)) throw new UnusableKey('a JWK set is an object with an array keys')
  const keys: VerificationKey[] = []
  const ignored: string[] = []
  for (const [index, jwk] of members.slice(0, MOST_KEYS).entries()) {
    const key = importOrReason(jwk)
    if (typeof key === 'string') ignored.push(`key ${index} (kid ${shown(kidOf(jwk))}): ${key}`)
    else keys.push(key)
  }
  if (members.length > MOST_KEYS) ignored.push(`all keys after the first ${MOST_KEYS}`)
  return { keys, ignored }
}

function importOrReason(jwk: unknown): VerificationKey | string {
  try {
    return importPublicJwk(jwk)
  } catch (error) {
    if (error instanceof UnusableKey) return error.message
    throw error
  }
}

function kidOf(jwk: unknown): unknown {
  return isObject(jwk) ? jwk['kid'] : undefined
}
