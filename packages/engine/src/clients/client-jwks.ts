import {
  importClientJwks,
  importEncryptionKeys,
  isObject,
  privateMember,
  UnusableKey,
} from '@signet/protocol'
import type { NeededKeys } from './needed-keys.ts'

/** Why a `jwks` cannot be used; undefined when it has the keys that are needed, and none is private. */
export function unusableJwks(jwks: unknown, { signs, reads }: NeededKeys): string | undefined {
  try {
    if (holdsPrivateKey(jwks))
      return 'a private or secret key, which is disclosed now: make a new one'
    const { keys, ignored } = importClientJwks(jwks)
    const encryption = importEncryptionKeys(jwks)
    const unread = reads.find(
      (alg) => !encryption.keys.some(({ algorithms }) => algorithms.includes(alg)),
    )
    if (unread !== undefined) return [`no key for ${unread}`, ...encryption.ignored].join('; ')
    const enough = keys.length > 0 || (!signs && encryption.keys.length > 0)
    return enough ? undefined : ['no usable key', ...ignored].join('; ')
  } catch (error) {
    if (error instanceof UnusableKey) return error.message
    throw error
  }
}

function holdsPrivateKey(jwks: unknown): boolean {
  const keys: unknown = isObject(jwks) ? jwks['keys'] : undefined
  return (
    Array.isArray(keys) &&
    keys.some((key: unknown) => isObject(key) && privateMember(key) !== undefined)
  )
}
