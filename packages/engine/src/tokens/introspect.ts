import { enforce, parameter } from '@signet/protocol'
import { useOnce } from '../back-channel.ts'
import { words } from '../authorization-parameters.ts'
import { authenticateClient } from '../client-authentication.ts'
import type { Client } from '../clients/client.ts'
import type { Service } from '../config.ts'
import type { BackChannelRequest, Introspected } from '../outcomes.ts'
import type { Ports } from '../ports.ts'
import type { Grant } from '../store.ts'
import { scopesOfResource } from './audience.ts'
import { findToken, revocableIds } from './find-token.ts'
import { presentedTokenRules } from './presented-token.rules.ts'
import type { IssuedClaims } from './issue.ts'

const INACTIVE: Introspected = { action: 'introspected', response: { active: false } }

/**
 * Tells a resource server about a token that was sent to it, or a client about a token of its own. Whoever else asks is
 * told no more than that there is nothing to tell. The caller proves no possession: the token is not used here.
 *
 * @throws Refused `invalid_client`, or `invalid_request` without a token.
 * @see {@link https://www.rfc-editor.org/rfc/rfc7662.html#section-2 RFC 7662 §2}
 */
export async function introspect(request: BackChannelRequest, ports: Ports): Promise<Introspected> {
  const { form, client, assertion } = await authenticateClient(request, ports)
  const { token } = enforce(presentedTokenRules, { token: parameter(form, 'token') })
  await useOnce({ assertion }, ports)

  const found = await findToken(token, ports)
  if (found === undefined) return INACTIVE
  const response =
    found.kind === 'access'
      ? await describeAccessToken(found.claims, client, ports)
      : await describeRefreshToken(found.grant, client, ports)
  return response === undefined ? INACTIVE : { action: 'introspected', response }
}

type Description = Readonly<Record<string, unknown>>

async function describeAccessToken(
  claims: IssuedClaims,
  caller: Client,
  ports: Ports,
): Promise<Description | undefined> {
  const { iss, sub, aud, client_id, iat, exp, jti, auth_time, acr, cnf } = claims
  const scopes = scopesFor(caller, claims, ports.service)
  if (scopes === undefined) return undefined
  if (await ports.store.revocations.anyOf(revocableIds(claims))) return undefined
  if ((await ports.clients.find(client_id)) === undefined) return undefined
  if (claims.grant_id !== undefined && !(await userStands(sub, ports))) return undefined
  return {
    active: true,
    iss,
    sub,
    aud,
    client_id,
    iat,
    exp,
    jti,
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
    token_type: 'DPoP',
    cnf,
    ...(auth_time !== undefined && { auth_time }),
    ...(acr !== undefined && { acr }),
  }
}

/** The scopes the caller may know of: all of its own token, its own of a token sent to it; undefined: none at all. */
function scopesFor(
  caller: Client,
  { client_id, aud, scope }: IssuedClaims,
  service: Service,
): readonly string[] | undefined {
  const scopes = words(scope)
  if (client_id === caller.id) return scopes
  const audience: readonly string[] = typeof aud === 'string' ? [aud] : aud
  const own = service.resources.filter(
    ({ identifier, introspectionClients }) =>
      audience.includes(identifier) && introspectionClients.includes(caller.id),
  )
  if (own.length === 0) return undefined
  const known = own.flatMap(({ identifier }) => scopesOfResource(service, identifier, scopes))
  return [...new Set(known)]
}

async function describeRefreshToken(
  { id, authorization, createdAt, expiresAt }: Grant,
  caller: Client,
  ports: Ports,
): Promise<Description | undefined> {
  const { clientId, subject, scopes } = authorization
  if (clientId !== caller.id || expiresAt <= ports.clock.now()) return undefined
  if (await ports.store.revocations.anyOf([id])) return undefined
  if (!(await userStands(subject, ports))) return undefined
  return {
    active: true,
    iss: ports.service.issuer,
    sub: subject,
    client_id: clientId,
    iat: createdAt,
    exp: expiresAt,
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
  }
}

async function userStands(subject: string, { subjects }: Ports): Promise<boolean> {
  return (await subjects.claims(subject)) !== undefined
}
