import {
  enforce,
  presentationRules,
  readCredentials,
  Refused,
  signJwt,
  type PresentedToken,
  type VerifiedProof,
} from '@signet/protocol'
import { words } from '../authorization-parameters.ts'
import { certificateOf, reachedEndpoints, useOnce, verifyRequestProof } from '../back-channel.ts'
import type { Client } from '../clients/client.ts'
import type { ResourceRequest, UserinfoGiven } from '../outcomes.ts'
import type { Ports } from '../ports.ts'
import { userinfoClaims, type Claims } from './claims.ts'
import { encryptFor } from './encrypt-for.ts'
import { revocableIds } from './find-token.ts'
import { signerOf, type IssuedClaims } from './issue.ts'
import { readAccessToken } from './read-access-token.ts'
import { RefusedAtResource, type Challenge } from './refused-at-resource.ts'
import {
  accessRules,
  bindingRules,
  resourcePossessionRules,
  type Access,
} from './userinfo.rules.ts'

/**
 * Tells the client what the user let it know. Userinfo is a resource like any other, with one difference: it takes every
 * access token of its service that has scope `openid`, whatever its audience.
 *
 * @throws RefusedAtResource with the challenge of the answer; Refused `unauthorized_client` when the answer cannot be
 *   encrypted to its client, which no other token would change.
 * @see {@link https://openid.net/specs/openid-connect-core-1_0.html#UserInfo OpenID Connect Core §5.3}
 */
export async function userinfo(request: ResourceRequest, ports: Ports): Promise<UserinfoGiven> {
  const { client, told } = await tell(request, ports)
  return { action: 'userinfo', body: await bodyFor(client, told, ports) }
}

async function tell(request: ResourceRequest, ports: Ports): Promise<Told> {
  try {
    return await findOut(request, ports)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    throw new RefusedAtResource(error.refusal, error.evidence, challengeOf(error, request))
  }
}

interface Told {
  readonly client: Client
  readonly told: Claims
}

async function findOut(request: ResourceRequest, ports: Ports): Promise<Told> {
  const { scheme, token } = readCredentials(enforce(presentationRules, request))
  const claims = await readAccessToken(token, ports)
  await useOnce({ proof: proveHeld(request, { scheme, token, claims }, ports) }, ports)

  const access = enforce(accessRules, await lookUp(claims, ports))
  const { client, grant, known, scopes } = access
  const told = {
    ...userinfoClaims(known, scopes, grant.authorization.claims),
    sub: claims.sub,
  }
  return { client, told }
}

/**
 * Proves that who sends the token holds the key it is bound to.
 *
 * @returns the proof, where there has to be one; not yet marked as used.
 */
function proveHeld(
  request: ResourceRequest,
  { scheme, token, claims: { cnf } }: Presented,
  ports: Ports,
): VerifiedProof | undefined {
  enforce(bindingRules, { scheme, cnf, certificate: certificateOf(request) })
  if (!('jkt' in cnf)) return undefined
  const { method } = request
  const url = reachedEndpoints(request, ports).userinfo
  const target = { method, url, accessToken: token, boundTo: cnf.jkt }
  return enforce(resourcePossessionRules, { proof: verifyRequestProof(request, target, ports) })
    .proof
}

interface Presented extends PresentedToken {
  readonly claims: IssuedClaims
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

/** JSON, or a signed JWT for a client that registered so, encrypted if it wants (OIDC Core §5.3.2). It never expires, so it is no ID token. */
async function bodyFor(client: Client, told: Claims, ports: Ports): Promise<UserinfoGiven['body']> {
  if (client.userinfo === undefined) return { json: told }
  const { algorithm: alg, encryption } = client.userinfo
  const payload = { ...told, iss: ports.service.issuer, aud: client.id }
  const jwt = signJwt({ typ: 'JWT', alg }, payload, signerOf(alg, ports))
  return { jwt: await encryptFor(client, { jwt, encryption }, ports) }
}

/** RFC 6750 §3: no error for who came without credentials; the missing scope for who came with too few. */
function challengeOf(
  { refusal: { error }, evidence }: Refused,
  { mutualTls }: ResourceRequest,
): Challenge {
  const schemes = mutualTls === undefined ? DPOP_ONLY : BOTH
  if (evidence.id === 'OAU-09') return { schemes }
  return { schemes, error, ...(error === 'insufficient_scope' && { scope: 'openid' }) }
}

const DPOP_ONLY = ['DPoP'] as const
const BOTH = ['DPoP', 'Bearer'] as const
