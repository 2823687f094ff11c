import { createIntrospectionResponse, enforce, parameter } from '@signet/protocol'
import { useOnce } from '../back-channel.ts'
import { words } from '../authorization-parameters.ts'
import { authenticateClient } from '../client-authentication.ts'
import type { Client } from '../clients/client.ts'
import type { Service } from '../config.ts'
import type { BackChannelRequest, Introspected } from '../outcomes.ts'
import type { Ports } from '../ports.ts'
import type { Grant } from '../store/durable.ts'
import { scopesOfResource } from './audience.ts'
import { findToken, revocableIds } from './find-token.ts'
import { presentedTokenRules } from './presented-token.rules.ts'
import { encryptFor } from './encrypt-for.ts'
import { signerOf, tokenType, type IssuedClaims } from './issue.ts'

const INACTIVE: Description = { active: false }

/** @see RFC 9701 §4 */
const SIGNED = 'application/token-introspection+jwt'

/** A weight of zero. @see RFC 9110 §12.4.2 */
const NEVER = /^\s*q=0(?:\.0*)?\s*$/i

/**
 * Tells a resource server about a token that was sent to it, or a client about a token of its own. Whoever else asks is
 * told no more than that there is nothing to tell. The caller proves no possession: the token is not used here. Who names
 * the JWT among what it accepts gets that, signed; who registered encryption gets nothing else, and encrypted.
 *
 * @throws Refused `invalid_client`, or `invalid_request` without a token.
 * @see {@link https://www.rfc-editor.org/rfc/rfc7662.html#section-2 RFC 7662 §2}
 */
export async function introspect(request: BackChannelRequest, ports: Ports): Promise<Introspected> {
  const { form, client, assertion } = await authenticateClient(request, ports)
  const { token } = enforce(presentedTokenRules, { token: parameter(form, 'token') })
  await useOnce({ assertion }, ports)

  const description = (await describe(token, client, ports)) ?? INACTIVE
  const { encryption } = client.introspectionResponse
  if (encryption === undefined && !acceptsJwt(request)) {
    return { action: 'introspected', body: { json: description } }
  }
  return { action: 'introspected', body: { jwt: await signed(description, client, ports) } }
}

/** Whether the JWT is what the caller names; who takes anything gets JSON. */
export function acceptsJwt({ accept }: Pick<BackChannelRequest, 'accept'>): boolean {
  return (
    accept !== undefined &&
    accept.split(',').some((range) => {
      const [type = '', ...parameters] = range.split(';')
      return type.trim().toLowerCase() === SIGNED && !parameters.some((one) => NEVER.test(one))
    })
  )
}

/** @see RFC 9701 §5 */
async function signed(response: Description, client: Client, ports: Ports): Promise<string> {
  const { service, clock } = ports
  const { algorithm: alg, encryption } = client.introspectionResponse
  const jwt = createIntrospectionResponse({
    issuer: service.issuer,
    clientId: client.id,
    now: clock.now(),
    response,
    key: signerOf(alg, ports),
    alg,
  })
  return encryptFor(client, { jwt, encryption }, ports)
}

async function describe(
  token: string,
  caller: Client,
  ports: Ports,
): Promise<Description | undefined> {
  const found = await findToken(token, ports)
  if (found === undefined) return undefined
  return found.kind === 'access'
    ? describeAccessToken(found.claims, caller, ports)
    : describeRefreshToken(found.grant, caller, ports)
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
    token_type: tokenType(cnf),
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
