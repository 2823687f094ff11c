import { enforce, parameter } from '@signet/protocol'
import { useOnce } from '../back-channel.ts'
import { authenticateClient } from '../client-authentication.ts'
import type { BackChannelRequest, Revoked } from '../outcomes.ts'
import type { Ports } from '../ports.ts'
import type { Grant } from '../store/durable.ts'
import type { FoundToken } from './find-token.ts'
import { findToken } from './find-token.ts'
import type { IssuedClaims } from './issue.ts'
import { holderOf, presentedTokenRules, revocationRules } from './presented-token.rules.ts'
import { moveGrant, positionIn, revokeGrant, revokePosition, type GrantAt } from './status.ts'

/**
 * Ends a token at the wish of its client. A refresh token takes its whole grant with it, every access token included; an
 * access token ends alone (but see `endToken`). What is unknown, or over, is as good as revoked. `token_type_hint` is not needed: the tokens
 * say what they are.
 *
 * @throws Refused `invalid_client`; `invalid_request` without a token; `invalid_grant` for a token of another client,
 *   which stays as it is; `unsupported_token_type` for a JWT of another kind.
 * @see {@link https://www.rfc-editor.org/rfc/rfc7009.html#section-2 RFC 7009 §2}
 */
export async function revoke(request: BackChannelRequest, ports: Ports): Promise<Revoked> {
  const { form, client, assertion } = await authenticateClient(request, ports)
  const { token } = enforce(presentedTokenRules, { token: parameter(form, 'token') })
  await useOnce({ assertion }, ports)

  const { found } = enforce(revocationRules, {
    client,
    token,
    found: await findToken(token, ports),
  })
  if (found !== undefined) await end(found, ports)
  return { action: 'revoked' }
}

async function end(found: FoundToken, ports: Ports): Promise<void> {
  const { store, random, clock } = ports
  if (found.kind === 'access') await endToken(found.claims, ports)
  else await revokeGrant(grantAt(found.grant), ports)
  await store.audit.record({
    id: random.token(128),
    at: clock.milliseconds(),
    kind: 'revoked',
    step: 'revoke',
    clientId: holderOf(found),
    subject: found.kind === 'access' ? found.claims.sub : found.grant.authorization.subject,
  })
}

/**
 * Ends one access token. Its siblings at the same position in the status list, none older than an access token gets, end
 * with it for whoever looks there; the grant goes on at another position.
 */
async function endToken(claims: IssuedClaims, ports: Ports): Promise<void> {
  const { jti, exp, grant_id: id } = claims
  await ports.store.revocations.add(jti, exp)
  const status = positionIn(claims.status, ports.service)
  if (status === undefined) return
  await revokePosition(status, ports)
  if (id !== undefined) await moveGrant({ id, status }, ports)
}

function grantAt({ id, status }: Grant): GrantAt {
  return { id, status }
}
