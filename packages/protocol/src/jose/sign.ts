import { Buffer } from 'node:buffer'
import { constants, sign, type KeyObject } from 'node:crypto'
import { ALGORITHMS_OF, type Algorithm } from './algorithms.ts'
import { rawOf } from './ecdsa-signature.ts'
import type { ExternalSigningKey, SignedBy, Signer, SigningKey } from './signing-key.ts'

/** What a signer may say in a JOSE header; `kid` follows from the key. */
export interface HeaderMembers {
  readonly typ?: string
  /** The other name of the algorithm of the key: `EdDSA` for `Ed25519` or the reverse. */
  readonly alg?: Algorithm
  readonly [member: string]: unknown
}

/**
 * Signs a payload as a compact JWS, with `alg` and `kid` in the header.
 *
 * @throws TypeError if the header names an algorithm that the key is not for.
 * @see RFC 7515 §5.1
 */
export function signJwt<Key extends Signer>(
  header: HeaderMembers,
  payload: object,
  key: Key,
): SignedBy<Key> {
  const { alg = key.algorithm } = header
  if (!ALGORITHMS_OF[key.publicJwk.kty].includes(alg)) {
    throw new TypeError(`the key is for ${key.algorithm}, not for ${alg}`)
  }
  return signCompact({ ...header, alg, kid: key.kid }, payload, key)
}

/** Signs with exactly this header: for proofs, whose key has no name. */
export function signCompact<Key extends Signer>(
  header: object,
  payload: object,
  key: Key,
): SignedBy<Key>
export function signCompact(
  header: object,
  payload: object,
  key: Signer,
): string | Promise<string> {
  const input = `${segment(header)}.${segment(payload)}`
  if (!('privateKey' in key)) return signElsewhere(input, key)
  return `${input}.${signBytes(input, key).toString('base64url')}`
}

async function signElsewhere(input: string, key: ExternalSigningKey): Promise<string> {
  const signature = await key.sign(Buffer.from(input, 'latin1'))
  return `${input}.${Buffer.from(signature).toString('base64url')}`
}

/** The JWS signature over an ASCII text. @see RFC 7518 §3.4, §3.5, RFC 8037 §3.1 */
export function signBytes(input: string, key: SigningKey): Buffer {
  const data = Buffer.from(input, 'latin1')
  switch (key.algorithm) {
    case 'ES256':
      return rawOf(sign('sha256', data, key.privateKey))
    case 'PS256':
      return sign('sha256', data, pss(key.privateKey))
    case 'EdDSA':
    case 'Ed25519':
      return sign(null, data, key.privateKey)
  }
}

interface Pss {
  readonly key: KeyObject
  readonly padding: number
  readonly saltLength: number
}

/** RSASSA-PSS with SHA-256 and a salt as long as the digest. @see RFC 7518 §3.5 */
export function pss(key: KeyObject): Pss {
  return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
}

function segment(json: object): string {
  return Buffer.from(JSON.stringify(json)).toString('base64url')
}
