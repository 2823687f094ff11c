import { Buffer } from 'node:buffer'
import type { KeyObject } from 'node:crypto'
import type { AlgorithmIdentifier } from '@peculiar/asn1-x509'
import {
  LARGEST_EXPONENT_BYTES,
  LARGEST_RSA_BITS,
  SMALLEST_EXPONENT,
  SMALLEST_RSA_BITS,
} from '../jose/public-jwk.ts'

const CURVES: readonly string[] = ['prime256v1', 'secp384r1', 'secp521r1']

const LIMIT_OF_EXPONENT = 1n << BigInt(8 * LARGEST_EXPONENT_BYTES)

/** RSA PKCS #1 v1.5 and ECDSA with SHA-256, SHA-384 and SHA-512, Ed25519 and Ed448. @see RFC 4055 §5, RFC 5758 §3.2, RFC 8410 §3 */
const SIGNATURES: readonly string[] = [
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
  '1.3.101.112',
  '1.3.101.113',
]

const RSASSA_PSS = '1.2.840.113549.1.1.10'
/** The parameters of RSASSA-PSS that begin with SHA-256, SHA-384 or SHA-512; without a digest they mean SHA-1. @see RFC 4055 §3.1 */
const PSS_WITH_SHA2 = /^30..a0..30..060960864801650304020[123]/

/** Whether certificates that are signed so can still be told from forged ones. */
export function isStrongSignature({ algorithm, parameters }: AlgorithmIdentifier): boolean {
  if (algorithm !== RSASSA_PSS) return SIGNATURES.includes(algorithm)
  return PSS_WITH_SHA2.test(Buffer.from(parameters ?? new ArrayBuffer()).toString('hex'))
}

/** Whether a key of a certificate is one that nobody computes today, and not too costly to verify with. */
export function isStrongKey({ asymmetricKeyType: type, asymmetricKeyDetails }: KeyObject): boolean {
  const { modulusLength, publicExponent, namedCurve = '' } = asymmetricKeyDetails ?? {}
  if (type === 'ec') return CURVES.includes(namedCurve)
  if (type === 'rsa' || type === 'rsa-pss') return isStrongRsa(modulusLength, publicExponent)
  return type === 'ed25519' || type === 'ed448'
}

function isStrongRsa(bits = 0, exponent = 0n): boolean {
  return (
    bits >= SMALLEST_RSA_BITS &&
    bits <= LARGEST_RSA_BITS &&
    exponent >= SMALLEST_EXPONENT &&
    exponent < LIMIT_OF_EXPONENT
  )
}
