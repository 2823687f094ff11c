import type { VerificationKey } from '@signet/protocol'

/** What a JWS says about the key that made it. */
export interface Wanted {
  readonly kid?: string
  readonly alg: string
}

/** The public keys of one client, wherever it keeps them. */
export interface ClientKeys {
  /** All of them, after a look whether one that could have made such a signature is new; which of them fits, a rule says. */
  find(wanted: Wanted): Promise<readonly VerificationKey[]>
}

/** Keys that came with the registration. */
export function registeredKeys(keys: readonly VerificationKey[]): ClientKeys {
  return { find: () => Promise.resolve(keys) }
}
