import { ALGORITHMS } from '../jose/algorithms.ts'
import { decodeOrRefuse, type UnreadableJwt } from '../jose/decode-or-refuse.ts'
import type { JwtHeader } from '../jose/decode.ts'
import type { VerificationKey } from '../jose/keys.ts'
import { UnusableKey } from '../jose/public-jwk.ts'
import { replayDigest } from '../replay.ts'
import { refusal, Refused } from '../rules/refusal.ts'
import { enforce } from '../rules/rule.ts'
import type { Seconds } from '../time.ts'
import { createProofKeys } from './key-cache.ts'
import { PROOF_AGE, proofContextRules, tellsTimeByNonce } from './proof-context.rules.ts'
import type { ProofContext, VerifiedProof } from './proof-context.ts'
import {
  proofFieldRules,
  proofShapeRules,
  proofSignatureRules,
  type ReadableProof,
} from './proof.rules.ts'

/** Room for an RSA key and signature of the largest size we take, in characters. */
const LONGEST_PROOF = 8192

/** Shared by all servers of a process: it depends on nothing but the keys themselves. */
const keys = createProofKeys(2048)

/** The key in a header that `decodeJwt` remembers, and so gives out again: found without writing the JWK as text. */
const keysOfHeaders = new WeakMap<JwtHeader, VerificationKey>()

const unreadable: UnreadableJwt = {
  id: 'DPOP-PRF-02',
  reason: 'dpop_malformed',
  otherwise: refusal('invalid_dpop_proof', 'the DPoP proof is not a well-formed JWT'),
  remedy: 'Send the proof as it was signed, and let a maintained library make it.',
  maxLength: LONGEST_PROOF,
}

/**
 * Proves that who sends a request holds a DPoP key. Cheap checks come first, the signature last; whoever
 * calls this must then mark the `digest` as used until `until`, and refuse the proof if it already was.
 *
 * @param fields the values of all `DPoP` header fields of the request.
 * @throws Refused with `invalid_dpop_proof`, with `use_dpop_nonce` for a missing or stale nonce, or with
 *   `invalid_token` for an access token of another key.
 * @see RFC 9449 §4.3
 */
export function verifyProof(fields: readonly string[], context: ProofContext): VerifiedProof {
  const [field] = enforce(proofFieldRules, { fields }).fields
  const jwt = decodeOrRefuse(field, unreadable)
  const { header, claims } = enforce(proofShapeRules, {
    header: jwt.header,
    claims: jwt.claims,
    algorithms: context.algorithms ?? ALGORITHMS,
  })
  const key = keysOfHeaders.get(header) ?? readKey(header)
  enforce(proofContextRules, { claims, key, context })
  enforce(proofSignatureRules, { jwt, key })
  return {
    jkt: key.thumbprint,
    jti: claims.jti,
    iat: claims.iat,
    until: acceptableUntil(claims.iat, context),
    digest: replayDigest(key.thumbprint, context.replayScope ?? context.url, claims.jti),
  }
}

/** The first second in which the proof is certainly too old. */
function acceptableUntil(iat: Seconds, context: ProofContext): Seconds {
  const byDate = Math.ceil(iat) + PROOF_AGE + 1
  if (!tellsTimeByNonce(context)) return byDate
  return Math.ceil(context.now) + (context.nonce?.lifetime ?? 0) + 1
}

function readKey(header: ReadableProof['header']): VerificationKey {
  try {
    const key = keys.keyOf(header.jwk)
    if (Object.isFrozen(header)) keysOfHeaders.set(header, key)
    return key
  } catch (error) {
    if (!(error instanceof UnusableKey)) throw error
    throw new Refused(
      refusal('invalid_dpop_proof', 'jwk of the DPoP proof is not a key of this profile'),
      {
        id: 'JWT-03',
        reason: 'dpop_key_unusable',
        expected: 'a public key: P-256, Ed25519, or RSA of 2048 bits or more',
        received: error.message,
        remedy: 'Make a P-256 key for DPoP, and put its public members into the header as a JWK.',
      },
      error,
    )
  }
}
