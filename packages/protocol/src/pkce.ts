import { hash, timingSafeEqual } from 'node:crypto'
import { Buffer } from 'node:buffer'

/** What base64url makes of a SHA-256 digest. */
const DIGEST = /^[A-Za-z0-9_-]{43}$/
const UNRESERVED = /^[A-Za-z0-9._~-]{43,128}$/

/** Whether a `code_challenge` can be one of method S256. @see RFC 7636 §4.2 */
export function isChallenge(text: string): boolean {
  return DIGEST.test(text)
}

/** Whether a `code_verifier` has the length and the characters of one. @see RFC 7636 §4.1 */
export function isVerifier(text: string): boolean {
  return UNRESERVED.test(text)
}

/** The S256 `code_challenge` of a `code_verifier`. @see RFC 7636 §4.2 */
export function challengeOf(verifier: string): string {
  return hash('sha256', verifier, 'base64url')
}

/**
 * Whether who redeems the code is who asked for it. Takes the same time wherever the two differ.
 *
 * @see RFC 7636 §4.6
 */
export function matchesChallenge(verifier: string, challenge: string): boolean {
  if (!isVerifier(verifier) || !isChallenge(challenge)) return false
  return timingSafeEqual(Buffer.from(challengeOf(verifier)), Buffer.from(challenge))
}
