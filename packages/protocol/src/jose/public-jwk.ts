import type { Buffer } from 'node:buffer'
import { hash } from 'node:crypto'
import { decodeBase64url } from './base64url.ts'

/** A key that must not be used, and why. The text names members, never their values. */
export class UnusableKey extends Error {
  override readonly name = 'UnusableKey'
}

type EcCurve = 'P-256' | 'P-384' | 'P-521'

type OkpCurve = 'Ed25519' | 'X25519'

export interface EcPublicJwk<Curve extends EcCurve = 'P-256'> {
  readonly kty: 'EC'
  readonly crv: Curve
  readonly x: string
  readonly y: string
}

export interface RsaPublicJwk {
  readonly kty: 'RSA'
  readonly n: string
  readonly e: string
}

export interface OkpPublicJwk<Curve extends OkpCurve = 'Ed25519'> {
  readonly kty: 'OKP'
  readonly crv: Curve
  readonly x: string
}

/** The required members of a public key of the profile, and no others. */
export type PublicJwk = EcPublicJwk | RsaPublicJwk | OkpPublicJwk

/** A public key one may encrypt to, likewise: encryption allows more curves than signatures do. */
export type EncryptionJwk = EcPublicJwk<EcCurve> | RsaPublicJwk | OkpPublicJwk<'X25519'>

type Members = Readonly<Record<string, unknown>>

/** Members that only private and symmetric keys have. @see RFC 7518 §6 */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'] as const

export const SMALLEST_RSA_BITS = 2048
/** A verification grows with the square of the size; a larger key is a means to keep a server busy. */
export const LARGEST_RSA_BITS = 8192
/** FIPS 186-5 asks for more than 2^16; more than 32 bits make a verification slow for no gain. */
export const SMALLEST_EXPONENT = 65_537
export const LARGEST_EXPONENT_BYTES = 4

/** The private member a JWK has, if any. */
export function privateMember(jwk: object): string | undefined {
  return PRIVATE_MEMBERS.find((member) => Object.hasOwn(jwk, member))
}

export function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * The required members of a JWK that is a public key to verify with, strictly spelled.
 *
 * @throws UnusableKey for everything else.
 * @see RFC 7517 §4, RFC 7518 §6, RFC 8037 §2, FAPI 2.0 Security Profile §5.4.1
 */
export function parsePublicJwk(jwk: unknown): PublicJwk {
  return parseJwk(jwk, { ec: ['P-256'], okp: 'Ed25519' })
}

/**
 * Likewise of a public key to encrypt to.
 *
 * @throws UnusableKey for everything else.
 * @see RFC 7518 §6, RFC 8037 §2
 */
export function parseEncryptionJwk(jwk: unknown): EncryptionJwk {
  return parseJwk(jwk, { ec: ['P-256', 'P-384', 'P-521'], okp: 'X25519' })
}

interface Curves<Ec, Okp> {
  readonly ec: readonly Ec[]
  readonly okp: Okp
}

function parseJwk<Ec extends EcCurve, Okp extends OkpCurve>(
  jwk: unknown,
  { ec, okp }: Curves<Ec, Okp>,
): EcPublicJwk<Ec> | RsaPublicJwk | OkpPublicJwk<Okp> {
  const members = publicMembers(jwk)
  switch (members['kty']) {
    case 'EC':
      return parseEc(members, ec)
    case 'RSA':
      return parseRsa(members)
    case 'OKP':
      return parseOkp(members, okp)
    default:
      throw new UnusableKey('kty must be EC, RSA or OKP')
  }
}

/** @throws UnusableKey if it is no object, or one with a private member. */
function publicMembers(jwk: unknown): Members {
  if (!isObject(jwk)) throw new UnusableKey('the key is not a JSON object')
  const secret = privateMember(jwk)
  if (secret !== undefined) throw new UnusableKey(`the key has the private member ${secret}`)
  return jwk
}

/**
 * The SHA-256 thumbprint of a key, base64url: the name of the key that nobody chooses.
 *
 * @see RFC 7638 §3
 */
export function thumbprint(jwk: PublicJwk | EncryptionJwk): string {
  return hash('sha256', canonical(jwk), 'base64url')
}

function canonical(jwk: PublicJwk | EncryptionJwk): string {
  switch (jwk.kty) {
    case 'EC':
      return `{"crv":"${jwk.crv}","kty":"EC","x":"${jwk.x}","y":"${jwk.y}"}`
    case 'RSA':
      return `{"e":"${jwk.e}","kty":"RSA","n":"${jwk.n}"}`
    case 'OKP':
      return `{"crv":"${jwk.crv}","kty":"OKP","x":"${jwk.x}"}`
  }
}

/** The size of a coordinate, in bytes. @see RFC 7518 §6.2.1.2 */
const SIZES: Readonly<Record<EcCurve, number>> = { 'P-256': 32, 'P-384': 48, 'P-521': 66 }

function parseEc<Curve extends EcCurve>(
  jwk: Members,
  curves: readonly Curve[],
): EcPublicJwk<Curve> {
  const crv = curves.find((curve) => curve === jwk['crv'])
  if (crv === undefined) throw new UnusableKey(`crv of this EC key must be ${curves.join(' or ')}`)
  const x = coordinate(jwk, 'x', SIZES[crv])
  return { kty: 'EC', crv, x, y: coordinate(jwk, 'y', SIZES[crv]) }
}

function parseOkp<Curve extends OkpCurve>(jwk: Members, crv: Curve): OkpPublicJwk<Curve> {
  if (jwk['crv'] !== crv) throw new UnusableKey(`crv of this OKP key must be ${crv}`)
  return { kty: 'OKP', crv, x: coordinate(jwk, 'x', 32) }
}

/** @throws UnusableKey if the size, or a form of its members, is not one of the profile. */
function parseRsa(jwk: Members): RsaPublicJwk {
  const modulus = unsigned(jwk, 'n')
  const bits = modulus.bytes.length * 8 - Math.clz32(modulus.bytes[0] ?? 0) + 24
  if (bits < SMALLEST_RSA_BITS) throw new UnusableKey(`the RSA key has ${bits} bits, 2048 at least`)
  if (bits > LARGEST_RSA_BITS) throw new UnusableKey(`the RSA key has ${bits} bits, 8192 at most`)
  if (!isOdd(modulus.bytes)) throw new UnusableKey('n is even')
  const exponent = unsigned(jwk, 'e')
  if (exponent.bytes.length > LARGEST_EXPONENT_BYTES) throw new UnusableKey('e is over 32 bits')
  const e = exponent.bytes.readUIntBE(0, exponent.bytes.length)
  if (e < SMALLEST_EXPONENT) throw new UnusableKey('e is less than 65537')
  if (!isOdd(exponent.bytes)) throw new UnusableKey('e is even')
  return { kty: 'RSA', n: modulus.text, e: exponent.text }
}

/** A coordinate, of so many bytes. @see RFC 7518 §6.2.1.2 */
function coordinate(jwk: Members, member: 'x' | 'y', length: number): string {
  const { text, bytes } = octets(jwk, member)
  if (bytes.length !== length) throw new UnusableKey(`${member} is not ${length} bytes long`)
  return text
}

/** Base64urlUInt: as few bytes as can be. @see RFC 7518 §2 */
function unsigned(jwk: Members, member: 'n' | 'e'): Octets {
  const value = octets(jwk, member)
  if (value.bytes.length === 0 || value.bytes[0] === 0) {
    throw new UnusableKey(`${member} is empty or starts with a zero byte`)
  }
  return value
}

interface Octets {
  readonly text: string
  readonly bytes: Buffer
}

function octets(jwk: Members, member: string): Octets {
  const text = jwk[member]
  if (typeof text !== 'string') throw new UnusableKey(`${member} is not a string`)
  const bytes = decodeBase64url(text)
  if (bytes === undefined) throw new UnusableKey(`${member} is not canonical base64url`)
  return { text, bytes }
}

function isOdd(bytes: Buffer): boolean {
  return ((bytes.at(-1) ?? 0) & 1) === 1
}
