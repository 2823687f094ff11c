/** The signature algorithms of the profile. `EdDSA` and `Ed25519` name the same one. @see RFC 9864 §2.2 */
export type Algorithm = 'PS256' | 'ES256' | 'EdDSA' | 'Ed25519'

/** The kinds of key the profile allows. @see FAPI 2.0 Security Profile §5.4.1 */
export type KeyType = 'EC' | 'RSA' | 'OKP'

export const ALGORITHMS: readonly Algorithm[] = ['PS256', 'ES256', 'EdDSA', 'Ed25519']

/** Which algorithms a kind of key can be used with: the key decides, never the token alone. */
export const ALGORITHMS_OF: Readonly<Record<KeyType, readonly Algorithm[]>> = {
  RSA: ['PS256'],
  EC: ['ES256'],
  OKP: ['EdDSA', 'Ed25519'],
}

export function isAlgorithm(value: unknown): value is Algorithm {
  return ALGORITHMS.some((algorithm) => algorithm === value)
}
