import { Buffer } from 'node:buffer'
import { verify } from 'node:crypto'
import type { DecodedJwt } from './decode.ts'
import { derOf } from './ecdsa-signature.ts'
import type { VerificationKey } from './keys.ts'
import { pss } from './sign.ts'

/** So many keys are tried for one token; each try costs a verification. */
const MOST_CANDIDATES = 8

/** r || s, and what Ed25519 makes. */
const CURVE_SIGNATURE_BYTES = 64

/**
 * Whether this key signed this JWT. The key decides which algorithms may be, so neither `none` nor a MAC
 * keyed with a public key has a way in.
 *
 * @see RFC 7515 §5.2, RFC 8725 §3.1
 */
export function verifySignature(jwt: DecodedJwt, key: VerificationKey): boolean {
  const { header, signingInput, signature } = jwt
  return verifyBytes({ input: signingInput, signature, alg: header.alg }, key)
}

interface Signed {
  /** What was signed: ASCII. */
  readonly input: string
  readonly signature: Buffer
  readonly alg: string
}

export function verifyBytes({ input, signature, alg }: Signed, key: VerificationKey): boolean {
  if (!key.algorithms.some((algorithm) => algorithm === alg)) return false
  const data = Buffer.from(input, 'latin1')
  switch (key.kty) {
    case 'EC':
      if (signature.length !== CURVE_SIGNATURE_BYTES) return false
      return verify('sha256', data, key.key, derOf(signature))
    case 'OKP':
      return signature.length === CURVE_SIGNATURE_BYTES && verify(null, data, key.key, signature)
    case 'RSA':
      return verify('sha256', data, pss(key.key), signature)
  }
}

/** What a token says about its key: hints, nothing more. */
interface KeyHints {
  readonly kid?: string | undefined
  readonly alg?: string | undefined
}

/**
 * The keys that may have signed a token, few enough to try them all. Several may share a `kid`, and keys
 * published without one fit every `kid` that none of the others has.
 *
 * @see FAPI 2.0 Security Profile §5.4.3
 */
export function selectKeys(
  keys: readonly VerificationKey[],
  { kid, alg }: KeyHints,
): readonly VerificationKey[] {
  const named =
    kid === undefined || !keys.some((key) => key.kid === kid)
      ? keys.filter((key) => kid === undefined || key.kid === undefined)
      : keys.filter((key) => key.kid === kid)
  return named
    .filter((key) => alg === undefined || key.algorithms.some((algorithm) => algorithm === alg))
    .slice(0, MOST_CANDIDATES)
}

/** Whether one of these keys signed this JWT. */
export function isSignedByOneOf(keys: readonly VerificationKey[], jwt: DecodedJwt): boolean {
  return selectKeys(keys, jwt.header).some((key) => verifySignature(jwt, key))
}
