import { hash } from 'node:crypto'
import { signCompact } from '../jose/sign.ts'
import type { SigningKey } from '../jose/signing-key.ts'
import type { Seconds } from '../time.ts'

export interface ProofRequest {
  readonly key: SigningKey
  readonly method: string
  /** Where the request goes; its query and fragment are left out. */
  readonly url: string
  readonly now: Seconds
  /** At least 96 random bits, new for every request. */
  readonly jti: string
  readonly accessToken?: string | undefined
  /** The last `DPoP-Nonce` of this server. */
  readonly nonce?: string | undefined
}

/** Makes the proof for one request. @see RFC 9449 §4.2 */
export function createProof(request: ProofRequest): string {
  const { kid: _kid, use: _use, alg: _alg, ...jwk } = request.key.publicJwk
  return signCompact(
    { typ: 'dpop+jwt', alg: request.key.algorithm, jwk },
    {
      jti: request.jti,
      htm: request.method,
      htu: request.url.replace(/[?#].*$/s, ''),
      iat: Math.floor(request.now),
      ...(request.accessToken !== undefined && { ath: accessTokenHash(request.accessToken) }),
      ...(request.nonce !== undefined && { nonce: request.nonce }),
    },
    request.key,
  )
}

/** The `ath` claim: which token the proof belongs to. @see RFC 9449 §4.2 */
export function accessTokenHash(accessToken: string): string {
  return hash('sha256', accessToken, 'base64url')
}
