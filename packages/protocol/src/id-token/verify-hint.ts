import { decodeOrRefuse, type UnreadableJwt } from '../jose/decode-or-refuse.ts'
import type { VerificationKey } from '../jose/keys.ts'
import { invalidRequest } from '../rules/refusal.ts'
import { enforce } from '../rules/rule.ts'
import type { IdTokenClaims } from './claims.ts'
import { hintRules, hintSignatureRules } from './hint.rules.ts'

/** Whose ID tokens are taken as hints. */
export interface HintContext {
  readonly issuer: string
  /** Our own keys, those included that no longer sign: a hint may be weeks old. */
  readonly keys: readonly VerificationKey[]
}

const unreadable: UnreadableJwt = {
  id: 'LOG-03',
  reason: 'hint_malformed',
  otherwise: invalidRequest('id_token_hint is not a well-formed JWT'),
  remedy: 'Send the ID token as it was issued.',
}

/**
 * Reads an `id_token_hint`: an ID token of our own making, which may have expired. `aud` names the client;
 * whoever calls this compares it with the `client_id` of the request, if there is one.
 *
 * @throws Refused with `invalid_request`.
 * @see OpenID Connect RP-Initiated Logout §2
 */
export function verifyIdTokenHint(hint: string, { issuer, keys }: HintContext): IdTokenClaims {
  const jwt = decodeOrRefuse(hint, unreadable)
  const { header, claims } = jwt
  const accepted = enforce(hintRules, { header, claims, issuer })
  enforce(hintSignatureRules, { jwt, keys })
  return accepted.claims
}
