import {
  coordinate,
  parseRsa,
  publicMembers,
  UnusableKey,
  type EcCurve,
  type EcPublicJwk,
  type EncryptionJwk,
  type Members,
  type OkpPublicJwk,
} from './public-jwk.ts'

const CURVES: readonly EcCurve[] = ['P-256', 'P-384', 'P-521']

/** The size of a coordinate, in bytes. @see RFC 7518 §6.2.1.2 */
const SIZES: Readonly<Record<EcCurve, number>> = { 'P-256': 32, 'P-384': 48, 'P-521': 66 }

/**
 * The required members of a JWK that is a public key to encrypt to, strictly spelled.
 *
 * @throws UnusableKey for everything else.
 * @see RFC 7518 §6, RFC 8037 §2
 */
export function parseEncryptionJwk(jwk: unknown): EncryptionJwk {
  const members = publicMembers(jwk)
  switch (members['kty']) {
    case 'EC':
      return parseEc(members)
    case 'RSA':
      return parseRsa(members)
    case 'OKP':
      return parseOkp(members)
    default:
      throw new UnusableKey('kty must be EC, RSA or OKP')
  }
}

function parseEc(jwk: Members): EcPublicJwk<EcCurve> {
  const crv = CURVES.find((curve) => curve === jwk['crv'])
  if (crv === undefined) throw new UnusableKey(`crv of an EC key must be ${CURVES.join(' or ')}`)
  const x = coordinate(jwk, 'x', SIZES[crv])
  return { kty: 'EC', crv, x, y: coordinate(jwk, 'y', SIZES[crv]) }
}

function parseOkp(jwk: Members): OkpPublicJwk<'X25519'> {
  if (jwk['crv'] !== 'X25519')
    throw new UnusableKey('crv of an OKP key to encrypt to must be X25519')
  return { kty: 'OKP', crv: 'X25519', x: coordinate(jwk, 'x', 32) }
}
