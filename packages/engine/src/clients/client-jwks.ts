import { importJwks, UnusableKey } from '@signet/protocol'

/** Why a `jwks` cannot be used; undefined when one of its keys can and none is private. */
export function unusableJwks(jwks: unknown): string | undefined {
  try {
    if (holdsPrivateKey(jwks))
      return 'a private or secret key, which is disclosed now: make a new one'
    const { keys, ignored } = importJwks(jwks)
    return keys.length > 0 ? undefined : ['no usable key', ...ignored].join('; ')
  } catch (error) {
    if (error instanceof UnusableKey) return error.message
    throw error
  }
}

function holdsPrivateKey(jwks: unknown): boolean {
  const keys: unknown = isObject(jwks) ? jwks['keys'] : undefined
  return (
    Array.isArray(keys) &&
    keys.some(
      (key: unknown) => isObject(key) && ['d', 'k'].some((member) => Object.hasOwn(key, member)),
    )
  )
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null
