import { ALGORITHMS, type Algorithm } from '../jose/algorithms.ts'
import type { DecodedJwt, JwtHeader } from '../jose/decode.ts'
import type { JsonObject } from '../jose/json-object.ts'
import type { VerificationKey } from '../jose/keys.ts'
import { isObject, privateMember } from '../jose/public-jwk.ts'
import { verifySignature } from '../jose/verify.ts'
import { isJti } from '../replay.ts'
import { refusal, type Refusal } from '../rules/refusal.ts'
import type { Rules } from '../rules/rule.ts'
import { shown } from '../rules/shown.ts'
import { isNumericDate } from '../time.ts'

/** The `DPoP` header fields of a request, as many as there were. */
export interface ProofFields {
  readonly fields: readonly string[]
}

export interface OneProofField extends ProofFields {
  readonly fields: readonly [string]
}

const invalid = (description: string): Refusal => refusal('invalid_dpop_proof', description)

/** Before anything is decoded. Read beside RFC 9449 §4.3-1. */
export const proofFieldRules: Rules<ProofFields, OneProofField> = [
  {
    id: 'DPOP-PRF-01',
    reason: 'dpop_header_count',
    says: 'takes exactly one DPoP header field',
    // Two fields may have been joined on the way; a compact JWS has no comma.
    holds: ({ fields: [first, ...more] }) =>
      first !== undefined && first !== '' && !first.includes(',') && more.length === 0,
    otherwise: invalid('exactly one DPoP header with one proof is required'),
    expected: () => 'one DPoP header field that holds one proof',
    received: ({ fields }) =>
      fields.length === 1
        ? `one field that is empty or holds several proofs, of ${fields[0]?.length ?? 0} characters`
        : `${fields.length} fields`,
    remedy:
      'Send one DPoP header with a fresh proof; look for a proxy or client library that adds one.',
  },
]

/** A proof taken apart, and the algorithms the endpoint takes. */
export interface DecodedProof {
  readonly header: JwtHeader
  readonly claims: JsonObject
  readonly algorithms: readonly Algorithm[]
}

export interface ProofClaims {
  readonly jti: string
  readonly htm: string
  readonly htu: string
  readonly iat: number
  readonly [claim: string]: unknown
}

/** A proof with all its members, of the right types. Nothing is proved yet. */
export interface ReadableProof extends DecodedProof {
  readonly header: JwtHeader & { readonly jwk: Readonly<Record<string, unknown>> }
  readonly claims: ProofClaims
}

/** Whether it is a proof at all. Read beside RFC 9449 §4.2 and §4.3-3 to 7. */
export const proofShapeRules: Rules<DecodedProof, ReadableProof> = [
  {
    id: 'DPOP-PRF-04',
    reason: 'dpop_typ',
    says: 'takes a JWT as proof only if its typ is dpop+jwt',
    // RFC 9449 gives this one spelling, and every client uses it: no other case, no application/ prefix.
    holds: ({ header }) => header.typ === 'dpop+jwt',
    otherwise: invalid('typ of the DPoP proof must be dpop+jwt'),
    expected: () => 'typ dpop+jwt',
    received: ({ header }) => `typ ${shown(header.typ)}`,
    remedy: 'Send a DPoP proof in the DPoP header, with typ dpop+jwt in its JOSE header.',
  },
  {
    id: 'DPOP-PRF-05',
    reason: 'dpop_alg',
    says: 'takes proofs signed with an algorithm of the profile only',
    holds: ({ header, algorithms }) => algorithms.some((algorithm) => algorithm === header.alg),
    otherwise: invalid(`alg of the DPoP proof must be one of ${ALGORITHMS.join(', ')}`),
    expected: ({ algorithms }) => `alg ${algorithms.join(', ')}`,
    received: ({ header }) => `alg ${shown(header.alg)}`,
    remedy: 'Configure the client to sign proofs with ES256, PS256 or EdDSA (Ed25519).',
  },
  {
    id: 'DPOP-PRF-07',
    reason: 'dpop_private_key',
    says: 'takes no proof that publishes a private key',
    holds: ({ header }) => !isObject(header['jwk']) || privateMember(header['jwk']) === undefined,
    otherwise: invalid('jwk of the DPoP proof must be a public key'),
    expected: () => 'a public key',
    received: ({ header: { jwk } }) =>
      `a key with the private member ${isObject(jwk) ? (privateMember(jwk) ?? '') : ''}`,
    remedy:
      'This key is disclosed: make a new one, and put only its public members into the header.',
  },
  {
    id: 'DPOP-PRF-03',
    reason: 'dpop_member_missing',
    says: 'takes proofs with jwk, jti, htm, htu and iat only',
    holds: ({ header, claims }) => missingMember(header, claims) === undefined,
    otherwise: invalid('the DPoP proof must have jwk, jti, htm, htu and iat of the right types'),
    expected: () =>
      'jwk as an object, jti (1 to 256 characters), htm and htu as strings, and iat as a number',
    received: ({ header, claims }) => {
      const member = missingMember(header, claims) ?? ''
      return `${member}: ${typeof (member === 'jwk' ? header[member] : claims[member])}`
    },
    remedy: 'Add the missing member to the proof, or let a maintained library make it.',
  },
]

function missingMember(header: JwtHeader, claims: JsonObject): string | undefined {
  if (!isObject(header['jwk'])) return 'jwk'
  if (!isJti(claims['jti'])) return 'jti'
  if (typeof claims['htm'] !== 'string') return 'htm'
  if (typeof claims['htu'] !== 'string') return 'htu'
  return isNumericDate(claims['iat']) ? undefined : 'iat'
}

export interface KeyedProof {
  readonly jwt: DecodedJwt
  readonly key: VerificationKey
}

/** Last, because it costs most. Read beside RFC 9449 §4.3-6. */
export const proofSignatureRules: Rules<KeyedProof, KeyedProof> = [
  {
    id: 'DPOP-PRF-06',
    reason: 'dpop_signature',
    says: 'takes proofs whose signature verifies with the key in their header',
    holds: ({ jwt, key }) => verifySignature(jwt, key),
    otherwise: invalid('the signature of the DPoP proof is not one of its key'),
    expected: ({ key }) => `a signature by the key with thumbprint ${key.thumbprint}`,
    received: ({ jwt, key }) =>
      `alg ${shown(jwt.header.alg)} for a key of type ${key.kty}, and a signature that does not verify`,
    remedy:
      'Sign the proof with the private key that belongs to its jwk, and alter nothing afterwards.',
  },
]
