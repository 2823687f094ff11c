import { enforce, parameter, refusal, Refused } from '@signet/protocol'
import type { Client } from '../clients/client.ts'
import { digestOf } from '../digest.ts'
import type { TokensIssued } from '../outcomes.ts'
import type { Ports } from '../ports.ts'
import type { AuthorizationCode } from '../store/ephemeral.ts'
import { targetRules } from '../tokens/audience.rules.ts'
import { audienceOf, scopesOfToken } from '../tokens/audience.ts'
import type { Claims } from '../tokens/claims.ts'
import { assertReadable } from '../tokens/encrypt-for.ts'
import { issueAccessToken, issueIdToken } from '../tokens/issue.ts'
import { createRefreshToken } from '../tokens/refresh-token.ts'
import { revokeGrant, tellsStatus } from '../tokens/status.ts'
import { takePosition } from '../tokens/status-positions.ts'
import { codeAgeRules, exchangeRules } from './exchange.rules.ts'
import { requestedResources, type TokenRequest } from './token-request.ts'

/**
 * Step 4 of 4: the client brings the code over the back channel and gets tokens bound to its key. What it must respect is in
 * `exchange.rules.ts`; here ends the road that began in `push.ts`.
 *
 * @throws Refused `invalid_grant`, `invalid_dpop_proof`, `invalid_target`, `invalid_scope` or `unauthorized_client`.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749.html#section-4.1.3 RFC 6749 §4.1.3}
 */
export async function exchange(request: TokenRequest, ports: Ports): Promise<TokensIssued> {
  const { form, client, confirmation } = request
  const { service, clock } = ports
  const code = await rightfulCode(request, ports)
  const { authorization } = code
  const target = enforce(targetRules, {
    service,
    requested: requestedResources(form),
    authorized: authorization.resources,
    scopes: authorization.scopes,
  })
  const scopes = scopesOfToken(client, target)
  const isOpenId = scopes.includes('openid')
  if (isOpenId) await assertReadable(client, client.idToken, ports)
  await redeem(code, ports)
  enforce(codeAgeRules, { expiresAt: code.expiresAt, now: clock.now() })
  const known = await knownUser(authorization.subject, ports)

  const { status, refreshToken } = await keepGrant(code, client, ports)
  const issued = await issueAccessToken(
    {
      client,
      subject: authorization.subject,
      audience: audienceOf(target),
      scopes,
      confirmation,
      grant: { id: code.grantId, authorization, ...(status !== undefined && { status }) },
    },
    ports,
  )
  const response = {
    ...issued,
    ...(refreshToken !== undefined && { refresh_token: refreshToken }),
    ...(isOpenId && {
      id_token: await issueIdToken(
        { client, authorization, accessToken: issued.access_token, nonce: code.nonce, known },
        ports,
      ),
    }),
  }
  return { action: 'issued', response }
}

async function rightfulCode(
  { form, client, confirmation }: TokenRequest,
  { store }: Ports,
): Promise<AuthorizationCode> {
  const presented = parameter(form, 'code')
  const known = presented === undefined ? undefined : await store.codes.peek(digestOf(presented))
  const { code } = enforce(exchangeRules, {
    client,
    presented: presented !== undefined,
    code: known,
    redirectUri: parameter(form, 'redirect_uri'),
    verifier: parameter(form, 'code_verifier'),
    confirmation,
  })
  return code
}

/**
 * Marks a code as used, for exactly one caller. Every other one proves that the code is in two hands, or in one that does
 * not know what it did: all that the code gave ends.
 */
async function redeem(code: AuthorizationCode, ports: Ports): Promise<void> {
  if (await ports.store.codes.redeem(code.digest)) return
  await revokeGrant({ id: code.grantId, status: code.status }, ports)
  throw new Refused(refusal('invalid_grant', 'the authorization code was used before'), {
    id: 'SP-AZ-09',
    reason: 'code_reused',
    expected: 'a code that was not presented before',
    received: `a code for subject ${code.authorization.subject} that was; what it gave is revoked`,
    remedy: 'Redeem a code once, and never retry with it: start again. Find out who else has it.',
  })
}

async function knownUser(subject: string, { subjects }: Ports): Promise<Claims> {
  const known = await subjects.claims(subject)
  if (known !== undefined) return known
  throw new Refused(refusal('invalid_grant', 'the user is not known any more'), {
    id: 'OIDC-15',
    reason: 'user_gone',
    expected: 'a user who exists and is not disabled',
    received: `the subject ${subject}`,
    remedy: 'Enable the user again if that is wanted.',
  })
}

/**
 * Keeps what was granted, with its refresh token if there is to be one: for a client registered for it, when it asked for
 * `offline_access`, or did not use OpenID Connect, which alone has that scope.
 */
async function keepGrant(
  code: AuthorizationCode,
  client: Client,
  ports: Ports,
): Promise<KeptGrant> {
  const { store, service, clock, random } = ports
  const { grantId, authorization } = code
  const { scopes } = authorization
  const wanted = scopes.includes('offline_access') || !scopes.includes('openid')
  const now = clock.now()
  const kept = await positionFor(code, client, ports)
  const grant = { id: grantId, authorization, ...kept, createdAt: now }
  if (!wanted || !client.grantTypes.has('refresh_token')) {
    await store.grants.put({ ...grant, expiresAt: now + service.lifetimes.accessToken })
    return kept
  }
  const refreshToken = createRefreshToken(grantId, random)
  await store.grants.put({
    ...grant,
    refreshToken: digestOf(refreshToken),
    expiresAt: now + service.lifetimes.refreshToken,
  })
  return { ...kept, refreshToken }
}

interface KeptGrant extends Pick<AuthorizationCode, 'status'> {
  readonly refreshToken?: string
}

/** That of the code; one that was made before there were status lists has none. */
async function positionFor(
  { status }: AuthorizationCode,
  client: Client,
  ports: Ports,
): Promise<Pick<AuthorizationCode, 'status'>> {
  if (status !== undefined) return { status }
  return tellsStatus(client, ports.service) ? { status: await takePosition(ports) } : {}
}
