import { refusal, type Rules } from '@signet/protocol'
import type { Client } from '../clients/client.ts'
import type { Service } from '../config.ts'
import { isKnownScope, isOpenIdScope } from '../scopes.ts'

/** A client that asks for a token in its own name. */
export interface OwnRequest {
  readonly service: Service
  readonly client: Client
  readonly scopes: readonly string[]
}

/** What a client may ask for itself. Read beside RFC 6749 §4.4. */
export const clientCredentialsRules: Rules<OwnRequest, OwnRequest> = [
  {
    id: 'SP-AS-14',
    reason: 'scope_not_allowed',
    says: 'grants a client no scope beyond those it is registered for',
    holds: ({ service, client, scopes }) =>
      scopes.every((scope) => client.scopes.has(scope) && isKnownScope(service, scope)),
    otherwise: refusal(
      'invalid_scope',
      'a requested scope is unknown or not allowed for this client',
    ),
    expected: ({ client }) => `scopes among: ${[...client.scopes].join(' ')}`,
    received: ({ scopes }) => scopes.join(' '),
    remedy:
      'Ask for fewer scopes, or add them to scope of the client and to scopes of the service.',
  },
  {
    id: 'SP-ID-01',
    reason: 'scope_needs_user',
    says: 'tells who a user is only where a user took part',
    holds: ({ client, scopes }) =>
      !scopes.some((scope) => isOpenIdScope(scope) && client.scopes.has(scope)),
    otherwise: refusal('invalid_scope', 'scopes of OpenID Connect need a user'),
    expected: () => 'no scope of OpenID Connect',
    received: ({ scopes }) => scopes.join(' '),
    remedy: 'Leave them out, or use the authorization code flow.',
  },
]
