import { decodeJwt, invalidRequest, mediaTypeOf, refusal, type Rules } from '@signet/protocol'
import type { Client } from '../clients/client.ts'
import type { FoundToken } from './find-token.ts'

/** A request about a token. */
export interface TokenParameter {
  readonly token: string | undefined
}

export interface PresentedToken extends TokenParameter {
  readonly token: string
}

/** Introspection and revocation are about a token. Read beside RFC 7662 §2.1 and RFC 7009 §2.1. */
export const presentedTokenRules: Rules<TokenParameter, PresentedToken> = [
  {
    id: 'OAU-05',
    reason: 'token_parameter_missing',
    says: 'answers a request without token with an error of the client',
    holds: ({ token }) => token !== undefined,
    otherwise: invalidRequest('token is required'),
    expected: () => 'token',
    received: () => 'no token',
    remedy: 'Send the token in the form, as the parameter token.',
  },
]

/** A client that wants a token to end. */
export interface RevocationRequest {
  readonly client: Client
  readonly token: string
  /** What the token is; undefined when it is none of ours, or one no more. */
  readonly found: FoundToken | undefined
}

/** Who may revoke what. Read beside RFC 7009 §2.1 and §2.2.1. */
export const revocationRules: Rules<RevocationRequest, RevocationRequest> = [
  {
    id: 'REV-04',
    reason: 'token_not_revocable',
    says: 'says so when a token is of a kind that cannot be revoked',
    holds: ({ token, found }) => found !== undefined || !isOtherJwt(token),
    otherwise: refusal('unsupported_token_type', 'only access and refresh tokens can be revoked'),
    expected: () => 'an access token or a refresh token',
    received: () => 'a JWT that is no access token',
    remedy:
      'To end a session send the ID token to end_session_endpoint; other JWTs end by themselves.',
  },
  {
    id: 'REV-01',
    reason: 'token_of_other_client',
    says: 'lets a client revoke its own tokens only',
    holds: ({ client, found }) => found === undefined || holderOf(found) === client.id,
    otherwise: refusal('invalid_grant', 'the token was issued to another client'),
    expected: ({ found }) => `client ${found === undefined ? '' : holderOf(found)}`,
    received: ({ client }) => `client ${client.id}`,
    remedy: 'Look for a mix-up of two clients; if there is none, somebody tried a stolen token.',
  },
]

/** The client a token was issued to. */
export function holderOf(found: FoundToken): string {
  return found.kind === 'access' ? found.claims.client_id : found.grant.authorization.clientId
}

/** An ID token, an assertion, a proof: whatever is a JWT by its form and no access token by its type. */
function isOtherJwt(token: string): boolean {
  if (!token.includes('.')) return false
  try {
    const { typ } = decodeJwt(token).header
    return typ === undefined || mediaTypeOf(typ) !== 'at+jwt'
  } catch {
    return false
  }
}
