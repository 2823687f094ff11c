import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as oauth from 'oauth4webapi'
import { Browser } from './flow/browser.ts'
import { serveLibraries, type LibrarySite } from './testing/library-site.ts'
import { passThrough } from './testing/peer.ts'
import { REDIRECT_URI, VARIANTS, webKeyOf, type Registered } from './testing/variant.ts'

/** A client, and what it has learnt of the server. */
interface Session {
  readonly registered: Registered
  readonly as: oauth.AuthorizationServer
  readonly client: oauth.Client
  readonly authentication: oauth.ClientAuth
  readonly DPoP: oauth.DPoPHandle
}

for (const nonce of ['off', 'required'] as const) {
  describe(`oauth4webapi, server nonces ${nonce}`, () => {
    let site: LibrarySite
    before(async () => {
      site = await serveLibraries({ nonce })
    })
    after(() => site.close())

    for (const { clientId } of VARIANTS) {
      test(`SP-AZ-02 SP-AZ-05 DPOP-JKT-02 the whole flow of ${clientId}`, async () => {
        const session = await begin(site, clientId)
        const tokens = await codeFlow(session)
        await checkUserinfo(session, tokens)
        await checkIntrospection(session, tokens.access_token, true)
        await checkRefresh(session, tokens)
        await revoke(session, tokens.access_token)
        await checkIntrospection(session, tokens.access_token, false)
      })

      test(`SP-AS-04 client credentials of ${clientId}`, async () => {
        const session = await begin(site, clientId)
        const { as, client } = session
        const tokens = await withNonce(async () =>
          oauth.processClientCredentialsResponse(
            as,
            client,
            await oauth.clientCredentialsGrantRequest(
              as,
              client,
              session.authentication,
              {},
              session,
            ),
          ),
        )
        assert.equal(tokens.token_type, 'dpop')
        await checkIntrospection(session, tokens.access_token, true)
      })
    }
  })
}

async function begin({ clients, issuer }: LibrarySite, clientId: string): Promise<Session> {
  const registered = clients.find((each) => each.clientId === clientId)
  assert.ok(registered)
  const url = new URL(issuer)
  const algorithm = registered.scope.includes('openid') ? 'oidc' : 'oauth2'
  const as = await oauth.processDiscoveryResponse(
    url,
    await oauth.discoveryRequest(url, { algorithm }),
  )
  const client: oauth.Client = {
    client_id: clientId,
    id_token_signed_response_alg: 'ES256',
    ...(registered.userinfo === 'jwt' && { userinfo_signed_response_alg: 'ES256' }),
  }
  const { proofAlgorithm } = registered
  return {
    registered,
    as,
    client,
    authentication: oauth.PrivateKeyJwt(await webKeyOf(registered.key)),
    DPoP: oauth.DPoP(client, await oauth.generateKeyPair(proofAlgorithm)),
  }
}

/** Does it again when the server asks for a nonce, as the library tells its users to. */
async function withNonce<Result>(action: () => Promise<Result>): Promise<Result> {
  try {
    return await action()
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error
    return action()
  }
}

async function codeFlow(session: Session): Promise<oauth.TokenEndpointResponse> {
  const { as, client, authentication, registered } = session
  const { scope } = registered
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const nonce = scope.includes('openid') ? oauth.generateRandomNonce() : undefined
  const parameters = {
    client_id: client.client_id,
    response_type: 'code',
    redirect_uri: REDIRECT_URI,
    scope,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...(nonce !== undefined && { nonce }),
  }
  const { request_uri } = await withNonce(async () =>
    oauth.processPushedAuthorizationResponse(
      as,
      client,
      await oauth.pushedAuthorizationRequest(as, client, authentication, parameters, session),
    ),
  )
  const link = new URL(as.authorization_endpoint ?? '')
  link.search = new URLSearchParams({ client_id: client.client_id, request_uri }).toString()
  const answer = await passThrough(new Browser(link.origin), link)
  const response = oauth.validateAuthResponse(as, client, answer, state)
  return withNonce(async () => {
    const answered = await oauth.authorizationCodeGrantRequest(
      as,
      client,
      authentication,
      response,
      REDIRECT_URI,
      verifier,
      session,
    )
    const tokens = await oauth.processAuthorizationCodeResponse(as, client, answered, {
      ...(nonce !== undefined && { expectedNonce: nonce, requireIdToken: true }),
    })
    if (nonce !== undefined) await oauth.validateApplicationLevelSignature(as, answered)
    else assert.equal(tokens.id_token, undefined)
    return tokens
  })
}

async function checkUserinfo(session: Session, tokens: oauth.TokenEndpointResponse): Promise<void> {
  const { as, client, registered } = session
  if (registered.userinfo === undefined) return
  const subject = oauth.getValidatedIdTokenClaims(tokens)?.sub ?? ''
  const userinfo = await withNonce(async () => {
    const answer = await oauth.userInfoRequest(as, client, tokens.access_token, session)
    const claims = await oauth.processUserInfoResponse(as, client, subject, answer)
    if (registered.userinfo === 'jwt') await oauth.validateApplicationLevelSignature(as, answer)
    return claims
  })
  assert.equal(userinfo.name, 'Alice Example')
}

async function checkIntrospection(session: Session, token: string, active: boolean): Promise<void> {
  const { as, client, authentication, DPoP } = session
  const answer = await oauth.introspectionRequest(as, client, authentication, token)
  const told = await oauth.processIntrospectionResponse(as, client, answer)
  assert.equal(told.active, active)
  if (active) assert.equal(told.cnf?.jkt, await DPoP.calculateThumbprint())
}

async function checkRefresh(
  session: Session,
  { refresh_token = '' }: oauth.TokenEndpointResponse,
): Promise<void> {
  const { as, client, authentication, registered } = session
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair(registered.proofAlgorithm))
  for (const proof of [session.DPoP, DPoP]) {
    const options = { DPoP: proof }
    const tokens = await withNonce(async () =>
      oauth.processRefreshTokenResponse(
        as,
        client,
        await oauth.refreshTokenGrantRequest(as, client, authentication, refresh_token, options),
      ),
    )
    await checkIntrospection({ ...session, DPoP: proof }, tokens.access_token, true)
  }
}

async function revoke({ as, client, authentication }: Session, token: string): Promise<void> {
  await oauth.processRevocationResponse(
    await oauth.revocationRequest(as, client, authentication, token),
  )
}
