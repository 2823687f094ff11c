import {
  atHash,
  createAccessToken,
  createIdToken,
  type AccessTokenClaims,
  type Algorithm,
  type Confirmation,
  type Signer,
} from '@signet/protocol'
import type { Client } from '../clients/client.ts'
import { digestOf } from '../digest.ts'
import type { TokenResponse } from '../outcomes.ts'
import type { Ports } from '../ports.ts'
import type { Authorization, Grant } from '../store/durable.ts'
import type { StatusPosition } from '../store/status-lists.ts'
import { idTokenClaims, type Claims } from './claims.ts'
import { encryptFor } from './encrypt-for.ts'
import { rememberAccessToken } from './read-access-token.ts'
import { statusClaim, tellsStatus } from './status.ts'
import { takePosition } from './status-positions.ts'

/** What every access token of ours says. */
export interface IssuedClaims extends AccessTokenClaims {
  readonly cnf: Confirmation
  /**
   * The grant behind the token, so that its revocation ends every token of it at once; a private claim (RFC 9068 §2.2
   * allows them), absent where no user took part. It names the grant and opens nothing.
   */
  readonly grant_id?: string | undefined
}

/** What an access token rests on. */
export interface Entitlement {
  readonly client: Client
  /** The user, or the client itself where no user took part. */
  readonly subject: string
  readonly audience: readonly string[]
  readonly scopes: readonly string[]
  /** The key the token is bound to. */
  readonly confirmation: Confirmation
  /** What a user allowed; undefined where none took part. */
  readonly grant?: Pick<Grant, 'id' | 'authorization' | 'status'>
}

/**
 * Issues an access token: a JWT (RFC 9068), or an opaque one for clients registered so.
 *
 * @returns the token and all a token response says about it.
 */
export async function issueAccessToken(
  entitlement: Entitlement,
  ports: Ports,
): Promise<TokenResponse> {
  const { client, scopes, confirmation } = entitlement
  const position = positionFor(entitlement, ports)
  const status = typeof position === 'object' ? await position : position
  const claims = accessTokenClaims(entitlement, status, ports)
  const isJwt = client.accessTokenFormat === 'jwt'
  const made = isJwt ? createJwt(claims, ports) : createOpaque(claims, ports)
  const token = typeof made === 'string' ? made : await made
  if (isJwt) rememberAccessToken(token, claims, ports)
  return {
    access_token: token,
    token_type: tokenType(confirmation),
    expires_in: ports.service.lifetimes.accessToken,
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
  }
}

/** @see RFC 9449 §5, RFC 8705 §3 */
export function tokenType(confirmation: Confirmation): 'DPoP' | 'Bearer' {
  return 'jkt' in confirmation ? 'DPoP' : 'Bearer'
}

/** Tokens of one grant share its position; a token without a grant has its own. */
function positionFor(
  { client, grant }: Entitlement,
  ports: Ports,
): StatusPosition | undefined | Promise<StatusPosition> {
  if (!tellsStatus(client, ports.service)) return undefined
  return grant === undefined ? takePosition(ports) : grant.status
}

function accessTokenClaims(
  { client, subject, audience, scopes, confirmation, grant }: Entitlement,
  position: StatusPosition | undefined,
  { service, clock, random }: Ports,
): IssuedClaims {
  const now = clock.now()
  const [first = service.defaultResource, ...more] = audience
  return {
    iss: service.issuer,
    sub: subject,
    aud: more.length === 0 ? first : audience,
    client_id: client.id,
    iat: now,
    exp: now + service.lifetimes.accessToken,
    jti: random.token(128),
    scope: scopes.length === 0 ? undefined : scopes.join(' '),
    auth_time: grant?.authorization.authTime,
    acr: grant?.authorization.acr,
    amr: grant?.authorization.amr,
    cnf: confirmation,
    grant_id: grant?.id,
    status: position === undefined ? undefined : statusClaim(position, service),
  }
}

function createJwt(claims: IssuedClaims, ports: Ports): string | Promise<string> {
  return createAccessToken(claims, signerOf(ports.service.signingAlgorithms[0], ports))
}

async function createOpaque(claims: IssuedClaims, { random, store }: Ports): Promise<string> {
  const token = random.token(256)
  const digest = digestOf(token)
  await store.opaqueTokens.put({ digest, claims: JSON.stringify(claims), expiresAt: claims.exp })
  return token
}

/** What an ID token tells, and to go with which access token. */
export interface Identification {
  readonly client: Client
  readonly authorization: Authorization
  readonly accessToken: string
  /** As the client sent it; none when refreshing (OIDC Core §12.2). */
  readonly nonce?: string | undefined
  /** What is known of the user. */
  readonly known: Claims
}

/**
 * Issues an ID token: always signed, with the algorithm of the client, and then encrypted for who registered that.
 *
 * @throws Refused when the client has no key to encrypt to.
 * @see {@link https://openid.net/specs/openid-connect-core-1_0.html#IDToken OpenID Connect Core §2}
 */
export function issueIdToken(identification: Identification, ports: Ports): Promise<string> {
  const { client, authorization, accessToken, nonce, known } = identification
  const { service, clock } = ports
  const now = clock.now()
  const { algorithm: alg, encryption } = client.idToken
  const claims = {
    ...idTokenClaims(known, authorization.claims),
    iss: service.issuer,
    sub: authorization.subject,
    aud: client.id,
    iat: now,
    exp: now + service.lifetimes.idToken,
    nonce,
    auth_time: authorization.authTime,
    acr: authorization.acr,
    amr: authorization.amr,
    sid: authorization.sid,
    at_hash: atHash(accessToken, alg),
  }
  const jwt = createIdToken(claims, signerOf(alg, ports), alg)
  return encryptFor(client, { jwt, encryption }, ports)
}

/** What signs with an algorithm. That there is one was checked when the client was registered. */
export function signerOf(algorithm: Algorithm | undefined, { keys }: Ports): Signer {
  const signer = algorithm === undefined ? undefined : keys.signer(algorithm)
  if (signer === undefined)
    throw new Error(`There is no key that signs with ${algorithm ?? 'any'}.`)
  return signer
}
