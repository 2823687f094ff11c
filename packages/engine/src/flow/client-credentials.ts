import { enforce, parameter } from '@signet/protocol'
import { words } from '../authorization-parameters.ts'
import type { TokensIssued } from '../outcomes.ts'
import type { Ports } from '../ports.ts'
import { targetRules } from '../tokens/audience.rules.ts'
import { audienceOf, scopesOfToken } from '../tokens/audience.ts'
import { issueAccessToken } from '../tokens/issue.ts'
import { clientCredentialsRules } from './client-credentials.rules.ts'
import { requestedResources, type TokenRequest } from './token-request.ts'

/**
 * Gives a client a token in its own name: `sub` is its `client_id`, as RFC 9068 §2.2 wants it. It cannot be taken for a
 * user's (FAPI 2.0 §6.7): subjects of users are random and made here, client ids are given by the operator and not chosen
 * by clients, and a token of a user has `auth_time`. No refresh token: the client can always ask again.
 *
 * @throws Refused `invalid_scope` or `invalid_target`.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749.html#section-4.4 RFC 6749 §4.4}
 */
export async function clientCredentials(
  { form, client, confirmation }: TokenRequest,
  ports: Ports,
): Promise<TokensIssued> {
  const { service } = ports
  const asked = words(parameter(form, 'scope'))
  enforce(clientCredentialsRules, { service, client, scopes: asked })
  const target = enforce(targetRules, {
    service,
    requested: requestedResources(form),
    authorized: undefined,
    scopes: asked,
  })
  const audience = audienceOf(target)
  const scopes = scopesOfToken(client, target)
  const entitlement = { client, subject: client.id, audience, scopes, confirmation }
  return { action: 'issued', response: await issueAccessToken(entitlement, ports) }
}
