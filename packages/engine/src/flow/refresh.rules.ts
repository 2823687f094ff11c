import { invalidRequest, refusal, type Rules } from '@signet/protocol'
import type { Client } from '../clients/client.ts'
import type { Grant } from '../store/durable.ts'
import type { Seconds } from '../store/values.ts'
import type { Claims } from '../tokens/claims.ts'

/** A refresh token on its way back, and who brings it. */
export interface Refresh {
  readonly client: Client
  /** Whether there was a `refresh_token` at all. */
  readonly presented: boolean
  /** The grant the token belongs to; undefined when there is none or the token is not its token. */
  readonly grant: Grant | undefined
  readonly revoked: boolean
  /** What is known of the user; undefined when the user is gone or disabled. */
  readonly known: Claims | undefined
  readonly now: Seconds
}

export interface RightfulRefresh extends Refresh {
  readonly grant: Grant
  readonly known: Claims
}

const invalidToken = refusal(
  'invalid_grant',
  'the refresh token is unknown, expired, revoked or for another client',
)

/** Whether a refresh token still gives anything to who brings it. Read beside RFC 6749 §6. */
export const refreshRules: Rules<Refresh, RightfulRefresh> = [
  {
    id: 'OAU-05',
    reason: 'refresh_token_missing',
    says: 'answers a request without refresh_token with an error of the client',
    holds: ({ presented }) => presented,
    otherwise: invalidRequest('refresh_token is required'),
    expected: () => 'refresh_token',
    received: () => 'no refresh_token',
    remedy: 'Send the refresh token of the grant.',
  },
  {
    id: 'SP-CR-06',
    reason: 'refresh_token_unknown',
    says: 'takes no refresh token it has not issued, or has forgotten',
    holds: ({ presented, grant }) => !presented || grant !== undefined,
    otherwise: invalidToken,
    expected: () => 'a refresh token of this server',
    received: () =>
      'a token that is not known here: never issued, altered, of another server, or expired',
    remedy: 'Let the user log in again; keep the refresh token whole, and one for each server.',
  },
  {
    id: 'OAU-06',
    reason: 'refresh_token_of_other_client',
    says: 'refreshes only for the client the refresh token was issued to',
    holds: ({ client, grant }) => grant === undefined || grant.authorization.clientId === client.id,
    otherwise: invalidToken,
    expected: ({ grant }) => `client ${grant?.authorization.clientId ?? ''}`,
    received: ({ client }) => `client ${client.id}`,
    remedy:
      'Look for a mix-up of two clients; if there is none, somebody tried a stolen refresh token.',
  },
  {
    id: 'BCP-16',
    reason: 'refresh_token_expired',
    says: 'ends every grant in time',
    holds: ({ grant, now }) => grant === undefined || now < grant.expiresAt,
    otherwise: invalidToken,
    expected: ({ grant }) => `a refresh before ${grant?.expiresAt ?? 0}`,
    received: ({ grant, now }) =>
      `a refresh at ${now}, ${now - (grant?.expiresAt ?? 0)} s too late`,
    remedy: 'Let the user log in again.',
  },
  {
    id: 'REV-03',
    reason: 'grant_revoked',
    says: 'gives nothing for a grant that was revoked',
    holds: ({ revoked }) => !revoked,
    otherwise: invalidToken,
    expected: () => 'a grant that stands',
    received: ({ grant }) =>
      `a grant of ${grant?.createdAt ?? 0} that was revoked, by the client or because its code was used twice`,
    remedy:
      'Let the user log in again; look for code_reused in the audit if the client did not revoke it.',
  },
  {
    id: 'OIDC-15',
    reason: 'user_gone',
    says: 'gives nothing about a user who is gone',
    holds: ({ grant, known }) => grant === undefined || known !== undefined,
    otherwise: invalidToken,
    expected: () => 'a user who exists and is not disabled',
    received: ({ grant }) => `the subject ${grant?.authorization.subject ?? ''}`,
    remedy: 'Enable the user again if that is wanted.',
  },
]

export interface Narrowing {
  readonly granted: readonly string[]
  readonly requested: readonly string[]
}

/** What a refresh may ask for. Read beside RFC 6749 §6. */
export const narrowingRules: Rules<Narrowing, Narrowing> = [
  {
    id: 'OAU-06',
    reason: 'scope_widened',
    says: 'lets a refresh narrow the scope, never widen it',
    holds: ({ granted, requested }) => requested.every((scope) => granted.includes(scope)),
    otherwise: refusal('invalid_scope', 'a requested scope was not granted'),
    expected: ({ granted }) => `scopes among: ${granted.join(' ')}`,
    received: ({ requested }) => requested.join(' '),
    remedy: 'Ask for less, or send the user through a new authorization request.',
  },
]
