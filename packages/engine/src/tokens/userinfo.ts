import {
  enforce,
  presentationRules,
  readCredentials,
  Refused,
  signJwt,
  type VerifiedProof,
} from '@signet/protocol'
import { words } from '../authorization-parameters.ts'
import { useOnce, verifyRequestProof } from '../back-channel.ts'
import type { Client } from '../clients/client.ts'
import type { ResourceRequest, UserinfoGiven } from '../outcomes.ts'
import type { Ports } from '../ports.ts'
import { userinfoClaims, type Claims } from './claims.ts'
import { revocableIds } from './find-token.ts'
import { signerOf, type IssuedClaims } from './issue.ts'
import { readAccessToken } from './read-access-token.ts'
import { RefusedAtResource, type Challenge } from './refused-at-resource.ts'
import { accessRules, resourcePossessionRules, schemeRules, type Access } from './userinfo.rules.ts'

/**
 * Tells the client what the user let it know. Userinfo is a resource like any other, with one difference: it takes every
 * access token of its service that has scope `openid`, whatever its audience.
 *
 * @throws RefusedAtResource with the challenge of the answer.
 * @see {@link https://openid.net/specs/openid-connect-core-1_0.html#UserInfo OpenID Connect Core §5.3}
 */
export async function userinfo(request: ResourceRequest, ports: Ports): Promise<UserinfoGiven> {
  try {
    return await answer(request, ports)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    throw new RefusedAtResource(error.refusal, error.evidence, challengeOf(error))
  }
}

async function answer(request: ResourceRequest, ports: Ports): Promise<UserinfoGiven> {
  const { scheme, token } = readCredentials(enforce(presentationRules, request))
  enforce(schemeRules, { scheme })
  const claims = await readAccessToken(token, ports)
  await useOnce({ proof: proveHeld(request, { token, claims }, ports) }, ports)

  const access = enforce(accessRules, await lookUp(claims, ports))
  const { client, grant, known, scopes } = access
  const told = {
    ...userinfoClaims(known, scopes, grant.authorization.claims),
    sub: claims.sub,
  }
  return { action: 'userinfo', body: bodyFor(client, told, ports) }
}

/** The proof that who sends the token holds the key it is bound to. */
function proveHeld(
  { method, dpop }: ResourceRequest,
  { token, claims }: { readonly token: string; readonly claims: IssuedClaims },
  ports: Ports,
): VerifiedProof {
  const target = {
    method,
    url: ports.service.endpoints.userinfo,
    accessToken: token,
    boundTo: claims.cnf.jkt,
  }
  const proof = verifyRequestProof({ dpop }, target, ports)
  return enforce(resourcePossessionRules, { proof }).proof
}

async function lookUp(claims: IssuedClaims, ports: Ports): Promise<Access> {
  const { store, clients, subjects } = ports
  const { grant_id: grantId } = claims
  return {
    scopes: words(claims.scope),
    revoked: await store.revocations.anyOf(revocableIds(claims)),
    client: await clients.find(claims.client_id),
    grant: grantId === undefined ? undefined : await store.grants.get(grantId),
    known: grantId === undefined ? undefined : await subjects.claims(claims.sub),
  }
}

/** JSON, or a signed JWT for a client that registered so (OIDC Core §5.3.2). It never expires, so it is no ID token. */
function bodyFor(
  { id, userinfoAlgorithm }: Client,
  told: Claims,
  ports: Ports,
): UserinfoGiven['body'] {
  if (userinfoAlgorithm === undefined) return { json: told }
  const header = { typ: 'JWT', alg: userinfoAlgorithm }
  const payload = { ...told, iss: ports.service.issuer, aud: id }
  return { jwt: signJwt(header, payload, signerOf(userinfoAlgorithm, ports)) }
}

/** RFC 6750 §3: no error for who came without credentials; the missing scope for who came with too few. */
function challengeOf({ refusal: { error }, evidence }: Refused): Challenge {
  if (evidence.id === 'OAU-09') return { scheme: 'DPoP' }
  return { scheme: 'DPoP', error, ...(error === 'insufficient_scope' && { scope: 'openid' }) }
}
