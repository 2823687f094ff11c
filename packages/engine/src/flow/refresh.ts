import { enforce, parameter } from '@signet/protocol'
import { words } from '../authorization-parameters.ts'
import type { Client } from '../clients/client.ts'
import type { TokensIssued } from '../outcomes.ts'
import type { Ports } from '../ports.ts'
import type { Grant } from '../store/durable.ts'
import { targetRules } from '../tokens/audience.rules.ts'
import { audienceOf, scopesOfToken } from '../tokens/audience.ts'
import { findGrant } from '../tokens/find-token.ts'
import { issueAccessToken, issueIdToken } from '../tokens/issue.ts'
import { moveGrant, tellsStatus } from '../tokens/status.ts'
import { narrowingRules, refreshRules } from './refresh.rules.ts'
import { requestedResources, type TokenRequest } from './token-request.ts'

/**
 * Gives a new access token for a grant that stands. The refresh token belongs to the client, which has just authenticated,
 * and not to a key: the new token is bound to the key of this request, whichever it was before. The refresh token stays the
 * same, and the answer has none: a client that loses an answer has lost nothing.
 *
 * @throws Refused `invalid_grant`, `invalid_scope` or `invalid_target`.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749.html#section-6 RFC 6749 §6}, FAPI 2.0 §5.3.2.1-9
 */
export async function refresh(request: TokenRequest, ports: Ports): Promise<TokensIssued> {
  const { form, client, confirmation } = request
  const { service, clock, store, subjects } = ports
  const presented = parameter(form, 'refresh_token')
  const found = presented === undefined ? undefined : await findGrant(presented, ports)
  const { grant, known } = enforce(refreshRules, {
    client,
    presented: presented !== undefined,
    grant: found,
    revoked: found !== undefined && (await store.revocations.anyOf([found.id])),
    known: found && (await subjects.claims(found.authorization.subject)),
    now: clock.now(),
  })
  const { authorization } = grant
  const asked = words(parameter(form, 'scope'))
  enforce(narrowingRules, { granted: authorization.scopes, requested: asked })
  const target = enforce(targetRules, {
    service,
    requested: requestedResources(form),
    authorized: authorization.resources,
    scopes: asked.length > 0 ? asked : authorization.scopes,
  })
  const scopes = scopesOfToken(client, target)
  const { subject } = authorization
  const audience = audienceOf(target)
  const issued = await issueAccessToken(
    {
      client,
      subject,
      audience,
      scopes,
      confirmation,
      grant: await placed(grant, client, ports),
    },
    ports,
  )
  if (!scopes.includes('openid')) return { action: 'issued', response: issued }
  const accessToken = issued.access_token
  const id_token = await issueIdToken({ client, authorization, accessToken, known }, ports)
  return { action: 'issued', response: { ...issued, id_token } }
}

/** A grant that was made before its client's tokens told their status gets a position now. */
async function placed(grant: Grant, client: Client, ports: Ports): Promise<Grant> {
  const { id, status } = grant
  if (status !== undefined || !tellsStatus(client, ports.service)) return grant
  return { ...grant, status: await moveGrant({ id, status }, ports) }
}
