import type { WantedKey } from '@signet/engine'
import {
  importClientJwks,
  importEncryptionKeys,
  type EncryptionKey,
  type KeyManagement,
  type VerificationKey,
} from '@signet/protocol'

/** The public keys of one client, wherever it keeps them. */
export interface ClientKeys {
  /** All it signs with, after a look whether the one that is wanted is new; which fits, a rule says. */
  find(wanted: WantedKey): Promise<readonly VerificationKey[]>
  /** All it can be encrypted to, after a look whether one for this algorithm is new. */
  encryption(alg: KeyManagement): Promise<readonly EncryptionKey[]>
}

/** What one JWK set holds. */
export interface ReadKeys {
  readonly keys: readonly VerificationKey[]
  readonly encryption: readonly EncryptionKey[]
  /** Which keys are good for neither, and why not to sign with. */
  readonly ignored: readonly string[]
}

/** @throws UnusableKey if it is no JWK set at all. */
export function readKeys(jwks: unknown): ReadKeys {
  const signing = importClientJwks(jwks)
  const encryption = importEncryptionKeys(jwks)
  const useless = new Set(encryption.ignored.map(place))
  return {
    keys: signing.keys,
    encryption: encryption.keys,
    ignored: signing.ignored.filter((line) => useless.has(place(line))),
  }
}

/** `key 0 (kid "a"): why` */
function place(line: string): string {
  return line.split(':', 1)[0] ?? line
}

/** Keys that came with the registration. */
export function registeredKeys(jwks: unknown): ClientKeys {
  const { keys, encryption } = readKeys(jwks)
  return { find: () => Promise.resolve(keys), encryption: () => Promise.resolve(encryption) }
}
