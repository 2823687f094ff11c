import type { VerificationKey } from '../jose/keys.ts'
import { refusal, type Refusal } from '../rules/refusal.ts'
import type { Rule, Rules } from '../rules/rule.ts'
import { shown } from '../rules/shown.ts'
import { CLOCK_AHEAD, hasBegun, isNumericDate, isUnexpired, offset, type Seconds } from '../time.ts'
import { accessTokenHash } from './create-proof.ts'
import type { ProofClaims } from './proof.rules.ts'
import type { ProofContext } from './proof-context.ts'
import { sameTarget, withoutQuery } from './target.ts'

/** How old a proof may be. It is also how long, at least, its `jti` is remembered. */
export const PROOF_AGE: Seconds = 60

/** A readable proof against the request it came with. */
export interface PresentedProof {
  readonly claims: ProofClaims
  readonly key: VerificationKey
  readonly context: ProofContext
}

const invalid = (description: string): Refusal => refusal('invalid_dpop_proof', description)

const nonceRule: Rule<PresentedProof> = {
  id: 'DPOP-PRF-11',
  reason: 'dpop_nonce',
  says: 'takes proofs with a recent nonce of its own, where it asks for nonces',
  holds: ({ claims, context: { nonce } }) =>
    nonce === undefined || (typeof claims['nonce'] === 'string' && nonce.accepts(claims['nonce'])),
  // Missing and stale are one to a client: with this error it can recover, with any other it cannot.
  otherwise: refusal(
    'use_dpop_nonce',
    'a recent nonce of this server is required in the DPoP proof',
  ),
  expected: () => 'a nonce that this server handed out recently',
  received: ({ claims }) =>
    claims['nonce'] === undefined ? 'no nonce' : 'a nonce that is stale, or not one of this server',
  remedy:
    'Repeat the request once, with a new proof that carries the nonce of the DPoP-Nonce header.',
}

const ageRule: Rule<PresentedProof> = {
  id: 'DPOP-PRF-12',
  reason: 'dpop_iat',
  says: `takes proofs made at most ${PROOF_AGE} s ago and dated at most ${CLOCK_AHEAD} s ahead`,
  holds: ({ claims, context }) => tellsTimeByNonce(context) || isFresh(claims.iat, context.now),
  otherwise: invalid('iat of the DPoP proof is not close enough to the time of the server'),
  expected: ({ context: { now } }) => `iat from ${now - PROOF_AGE} to ${now + CLOCK_AHEAD}`,
  received: ({ claims, context }) => `iat ${offset(claims.iat, context.now)}`,
  remedy:
    'Make a new proof for each request, in seconds, and set the clock of the client by NTP or by the Date header.',
}

const tokenRule: Rule<PresentedProof> = {
  id: 'DPOP-PRF-13',
  reason: 'dpop_ath',
  says: 'takes proofs for the access token they came with',
  holds: ({ claims, context: { accessToken, accessTokenDigest } }) =>
    accessToken === undefined ||
    claims['ath'] === (accessTokenDigest ?? accessTokenHash(accessToken)),
  otherwise: invalid('ath of the DPoP proof does not fit the access token'),
  expected: () => 'ath with the base64url SHA-256 digest of the access token',
  received: ({ claims }) =>
    claims['ath'] === undefined
      ? 'no ath'
      : 'an ath that belongs to another token, or is misspelled',
  remedy: 'Hash the access token as it is sent (ASCII), SHA-256, base64url without padding.',
}

/** Whether the proof fits the request. Cheap. Read beside RFC 9449 §4.3-8 to 12. */
export const proofContextRules: Rules<PresentedProof, PresentedProof> = [
  {
    id: 'DPOP-PRF-08',
    reason: 'dpop_htm',
    says: 'takes proofs for the method of the request',
    holds: ({ claims, context }) => claims.htm === context.method,
    otherwise: invalid('htm of the DPoP proof is not the method of the request'),
    expected: ({ context }) => `htm ${shown(context.method)}`,
    received: ({ claims }) => `htm ${shown(claims.htm)}`,
    remedy: 'Make the proof for the method that is sent, in capitals as HTTP has it.',
  },
  {
    id: 'DPOP-PRF-09',
    reason: 'dpop_htu',
    says: 'takes proofs for its own URL',
    holds: ({ claims, context }) =>
      sameTarget(claims.htu, context.url) ||
      (context.alternativeUrls?.some((url) => sameTarget(claims.htu, url)) ?? false),
    otherwise: invalid('htu of the DPoP proof is not the URL of this endpoint'),
    expected: ({ context }) =>
      `htu ${[context.url, ...(context.alternativeUrls ?? [])].join(' or ')}`,
    received: ({ claims }) => `htu ${shown(withoutQuery(claims.htu))}`,
    remedy:
      'Make the proof for the URL in the metadata of this server. If that URL is wrong, correct the issuer or origin in its configuration; the Host header is never asked.',
  },
  nonceRule,
  ageRule,
  {
    id: 'DPOP-PRF-16',
    reason: 'dpop_validity',
    says: 'honours exp and nbf of a proof that has them',
    holds: ({ claims: { exp, nbf }, context: { now } }) =>
      (exp === undefined || isUnexpired(exp, now)) && hasBegun(nbf, now),
    otherwise: invalid('the DPoP proof has expired or is not valid yet'),
    expected: () => `exp in the future and nbf at most ${CLOCK_AHEAD} s ahead, or neither`,
    received: ({ claims: { exp, nbf }, context: { now } }) =>
      exp !== undefined && !isUnexpired(exp, now)
        ? `exp ${offset(exp, now)}`
        : `nbf ${offset(nbf, now)}`,
    remedy: 'Make a new proof for each request; exp and nbf are not needed in it.',
  },
  tokenRule,
  {
    id: 'DPOP-PRF-14',
    reason: 'dpop_token_binding',
    says: 'takes an access token only from who holds the key it is bound to',
    holds: ({ key, context: { accessToken, boundTo } }) =>
      accessToken === undefined || boundTo === undefined || boundTo === key.thumbprint,
    otherwise: refusal('invalid_token', 'the access token is bound to another DPoP key'),
    expected: ({ context }) => `a proof by the key with thumbprint ${context.boundTo ?? ''}`,
    received: ({ key }) => `a proof by the key with thumbprint ${key.thumbprint}`,
    remedy:
      'Use the access token with the key it was asked for with, or get a new token for the new key.',
  },
  {
    id: 'DPOP-JKT-01',
    reason: 'dpop_key_binding',
    says: 'redeems what is bound to a key only for who holds the key',
    holds: ({ key, context: { accessToken, boundTo } }) =>
      accessToken !== undefined || boundTo === undefined || boundTo === key.thumbprint,
    otherwise: invalid('the request is bound to another DPoP key'),
    expected: ({ context }) => `a proof by the key with thumbprint ${context.boundTo ?? ''}`,
    received: ({ key }) => `a proof by the key with thumbprint ${key.thumbprint}`,
    remedy: 'Use one DPoP key from the pushed authorization request to the token request.',
  },
]

/**
 * A resource server that hands out nonces may take their age for the age of the proof; an authorization
 * server always looks at `iat`, because FAPI 2.0 §5.3.2.1-13 asks it to.
 *
 * @see RFC 9449 §11.1
 */
export function tellsTimeByNonce({ accessToken, nonce }: ProofContext): boolean {
  return accessToken !== undefined && nonce?.lifetime !== undefined
}

function isFresh(iat: unknown, now: Seconds): boolean {
  return isNumericDate(iat) && iat >= now - PROOF_AGE && hasBegun(iat, now)
}
