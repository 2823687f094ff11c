import { Refused, type ErrorCode, type Evidence, type Refusal } from '@signet/protocol'

/** What the `WWW-Authenticate` header of a refusal says; without an error when no credentials came (RFC 6750 §3). */
export interface Challenge {
  /** How tokens of this server can be used at this endpoint. */
  readonly schemes: readonly ('DPoP' | 'Bearer')[]
  readonly error?: ErrorCode
  /** The scopes that would have been enough. */
  readonly scope?: string
}

/** A refusal by a resource: the answer challenges. */
export class RefusedAtResource extends Refused {
  readonly challenge: Challenge

  constructor(refusal: Refusal, evidence: Evidence, challenge: Challenge) {
    super(refusal, evidence)
    this.challenge = challenge
  }
}
