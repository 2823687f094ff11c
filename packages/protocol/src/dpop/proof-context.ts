import type { Algorithm } from '../jose/algorithms.ts'
import type { Seconds } from '../time.ts'

/** What the request is that a proof has to fit. */
export interface ProofContext {
  readonly method: string
  /** The absolute URL of the endpoint from configuration, never from the Host header. */
  readonly url: string
  /** Other URLs of the same endpoint, such as its mTLS alias. */
  readonly alternativeUrls?: readonly string[] | undefined
  readonly now: Seconds
  readonly nonce: NoncePolicy
  /** The access token that came with the proof, which then must belong to it (`ath`). */
  readonly accessToken?: string | undefined
  /** Its base64url SHA-256 digest, where that is known already. */
  readonly accessTokenDigest?: string | undefined
  /** The thumbprint that a token, a code or a pushed request is bound to. */
  readonly boundTo?: string | undefined
  /**
   * What a used `jti` is remembered for, beside the key: the URL, if nothing else is said. A server whose URLs can be spelled
   * in several ways has to say something else, so that no spelling makes a used proof new.
   */
  readonly replayScope?: string | undefined
  /** Fewer algorithms than the profile has. */
  readonly algorithms?: readonly Algorithm[] | undefined
}

/** Undefined where nonces are not asked for; one in a proof is then ignored. */
export type NoncePolicy =
  | undefined
  | {
      accepts(nonce: string): boolean
      /**
       * For how long a nonce is accepted. A resource server that states it lets the nonce tell the age of
       * a proof, and `iat` may be off.
       */
      readonly lifetime?: Seconds | undefined
    }

/** A proof that holds in every respect but one: whether its `digest` was seen before. */
export interface VerifiedProof {
  /** Thumbprint of the key of the sender. @see RFC 7638 */
  readonly jkt: string
  readonly jti: string
  readonly iat: Seconds
  /** Until then the proof could be accepted again, if it were not remembered. */
  readonly until: Seconds
  /** What a replay store keeps. */
  readonly digest: string
}
