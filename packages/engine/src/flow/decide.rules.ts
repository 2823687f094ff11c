import { refusal, type Rule } from '@signet/protocol'
import { words, type AcceptedParameters } from '../authorization-parameters.ts'
import type { Client } from '../clients/client.ts'

/** A request and the client as it is registered now. */
interface Permission {
  readonly client: Client
  readonly parameters: AcceptedParameters
}

/** What a client must still be allowed when its request is used; that is told to the client itself (RFC 9126 §7.4). */
export const permissionRules: readonly Rule<Permission>[] = [
  {
    id: 'PAR-13',
    reason: 'code_flow_not_registered_any_more',
    says: 'evaluates the policy for the client again when the request_uri is used',
    holds: ({ client }) => client.grantTypes.has('authorization_code'),
    otherwise: refusal(
      'unauthorized_client',
      'the client is not registered for authorization_code',
    ),
    expected: () => 'a client with grant type authorization_code',
    received: ({ client }) => `grant types ${[...client.grantTypes].join(' ')}`,
    remedy:
      'The registration was changed after the push; add authorization_code to grant_types again.',
  },
  {
    id: 'SP-AS-14',
    reason: 'scope_not_allowed_any_more',
    says: 'grants a client no scope beyond those it is registered for',
    holds: ({ client, parameters: { scope } }) =>
      words(scope).every((name) => client.scopes.has(name)),
    otherwise: refusal(
      'invalid_scope',
      'a requested scope is not allowed for this client any more',
    ),
    expected: ({ client }) => `scopes among: ${[...client.scopes].join(' ')}`,
    received: ({ parameters }) => parameters.scope ?? '',
    remedy:
      'The registration was changed after the push; ask for fewer scopes or register them again.',
  },
]
