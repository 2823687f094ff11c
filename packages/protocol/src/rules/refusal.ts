import type { RequirementId } from './rule.ts'

/** The OAuth error codes this product can answer with; closed on purpose. */
export type ErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_scope'
  | 'invalid_target'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'invalid_token'
  | 'invalid_signature'
  | 'insufficient_scope'
  | 'insufficient_user_authentication'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'unsupported_token_type'
  | 'invalid_request_uri'
  | 'invalid_request_object'
  | 'request_not_supported'
  | 'access_denied'
  | 'invalid_client_metadata'
  | 'invalid_redirect_uri'
  | 'login_required'
  | 'consent_required'
  | 'interaction_required'
  | 'account_selection_required'
  | 'unmet_authentication_requirements'
  | 'server_error'
  | 'temporarily_unavailable'

/** What a caller is told when a rule is broken. Both members are safe to publish. */
export interface Refusal {
  readonly error: ErrorCode
  /** Only %x20-21 / %x23-5B / %x5D-7E: no quote, no backslash, ASCII. @see RFC 6749 §5.2 */
  readonly description: string
}

/** What the operator is told, and only the operator. Never holds a token, code, secret or assertion. */
export interface Evidence {
  readonly id: RequirementId
  readonly reason: string
  readonly expected: string
  readonly received: string
  readonly remedy: string
}

export function refusal(error: ErrorCode, description: string): Refusal {
  return { error, description }
}

export function invalidRequest(description: string): Refusal {
  return { error: 'invalid_request', description }
}

/** A protocol rejection on its way to the step boundary. Anything else thrown is a bug. */
export class Refused extends Error {
  readonly refusal: Refusal
  readonly evidence: Evidence

  constructor(refusal: Refusal, evidence: Evidence, cause?: unknown) {
    super(`${refusal.error}: ${refusal.description}`, { cause })
    this.name = 'Refused'
    this.refusal = refusal
    this.evidence = evidence
  }
}
