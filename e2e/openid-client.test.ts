import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as client from 'openid-client'
import { Browser } from './flow/browser.ts'
import { boundKeyOf } from './testing/claims.ts'
import { serveLibraries, type LibrarySite } from './testing/library-site.ts'
import { passThrough } from './testing/peer.ts'
import { USER } from './testing/site.ts'
import { onPostgres, onPostgresAndRedis } from './testing/storage.ts'
import {
  AFTER_LOGOUT,
  REDIRECT_URI,
  VARIANTS,
  webKeyOf,
  type Registered,
  type Variant,
} from './testing/variant.ts'

type Tokens = Awaited<ReturnType<typeof client.authorizationCodeGrant>>

/** A client in the middle of a flow. */
interface Session {
  readonly registered: Registered
  readonly config: client.Configuration
  readonly DPoP: client.DPoPHandle
  readonly browser: Browser
}

interface Place {
  readonly open: () => Promise<LibrarySite>
  /** Whom it is tried with. */
  readonly variants: readonly Variant[]
}

const [FIRST = assert.fail(), SECOND = assert.fail()] = VARIANTS
const PLACES: Readonly<Record<string, Place>> = {
  'server nonces off': { open: () => serveLibraries(), variants: VARIANTS },
  'server nonces required': {
    open: () => serveLibraries({ nonce: 'required' }),
    variants: VARIANTS,
  },
  'a server on PostgreSQL': {
    open: async () => serveLibraries({ storage: await onPostgres() }),
    variants: [FIRST, SECOND],
  },
  'two workers on PostgreSQL and Redis': {
    open: async () => serveLibraries({ storage: await onPostgresAndRedis('--workers', '2') }),
    variants: [FIRST, SECOND],
  },
}

for (const [title, { open, variants }] of Object.entries(PLACES)) {
  describe(`openid-client, ${title}`, () => {
    let site: LibrarySite
    before(async () => {
      site = await open()
    })
    after(() => site.close())

    for (const { clientId, scope } of variants) {
      test(`SP-AZ-02 SP-AZ-07 SP-AS-05 DPOP-AS-02 DPOP-AS-06 code, userinfo, introspection and refresh of ${clientId}`, async () => {
        const session = await begin(site, clientId)
        const tokens = await codeFlow(session)
        assert.equal(tokens.token_type, 'dpop')
        assert.equal(tokens.id_token !== undefined, scope.includes('openid'))
        await checkUserinfo(session, tokens)
        await checkIntrospection(session, tokens)
        await checkRefresh(session, tokens)
      })

      test(`SP-AS-09 DPOP-AS-03 revocation ends everything ${clientId} got`, async () => {
        const session = await begin(site, clientId)
        const { config, DPoP } = session
        const tokens = await codeFlow(session)
        const { access_token, refresh_token = '' } = tokens
        await client.tokenRevocation(config, refresh_token)
        assert.equal((await client.tokenIntrospection(config, access_token)).active, false)
        assert.equal((await client.tokenIntrospection(config, refresh_token)).active, false)
        await assert.rejects(client.refreshTokenGrant(config, refresh_token, undefined, { DPoP }), {
          error: 'invalid_grant',
        })
      })

      test(`SP-AS-04 client credentials of ${clientId} are bound too`, async () => {
        const { config, DPoP } = await begin(site, clientId)
        const parameters = { scope: scope.includes('accounts') ? 'accounts' : '' }
        const tokens = await client.clientCredentialsGrant(config, parameters, { DPoP })
        const told = await client.tokenIntrospection(config, tokens.access_token)
        assert.equal(told.active, true)
        assert.equal(told.cnf?.jkt, await DPoP.calculateThumbprint())
        assert.equal(tokens.refresh_token, undefined)
      })
    }

    test('SP-AZ-07 an answer of somebody else is not taken', async () => {
      const { config, DPoP, browser } = await begin(site, 'ec-json')
      const { link, ...checks } = await push(config, 'accounts', DPoP)
      const answer = await passThrough(browser, link)
      answer.searchParams.set('iss', 'https://attacker.example')
      await assert.rejects(
        client.authorizationCodeGrant(config, answer, checks, undefined, { DPoP }),
        { code: 'OAUTH_INVALID_RESPONSE' },
      )
    })

    test('LOG-01 the browser is logged out by the URL of the client and comes back to it', async () => {
      const session = await begin(site, 'ec-json')
      const { config, browser, DPoP } = session
      const { id_token = '' } = await codeFlow(session)
      const url = client.buildEndSessionUrl(config, {
        id_token_hint: id_token,
        post_logout_redirect_uri: AFTER_LOGOUT,
        state: 'after',
      })
      const place = await browser.open(url)
      assert.ok(place instanceof URL)
      assert.equal(place.href, `${AFTER_LOGOUT}?state=after`)
      const { link } = await push(config, 'openid', DPoP)
      const page = await browser.open(link)
      assert.ok(!(page instanceof URL) && page.html.includes('id="password"'), 'still logged in')
    })
  })
}

async function begin({ clients, issuer }: LibrarySite, clientId: string): Promise<Session> {
  const registered = clients.find((each) => each.clientId === clientId)
  assert.ok(registered)
  const metadata: Partial<client.ClientMetadata> = {
    id_token_signed_response_alg: 'ES256',
    ...(registered.userinfo === 'jwt' && { userinfo_signed_response_alg: 'ES256' }),
  }
  const authentication = client.PrivateKeyJwt(await webKeyOf(registered.key))
  const isOpenId = registered.scope.includes('openid')
  const config = await client.discovery(new URL(issuer), clientId, metadata, authentication, {
    algorithm: isOpenId ? 'oidc' : 'oauth2',
  })
  client.enableNonRepudiationChecks(config)
  return {
    registered,
    config,
    DPoP: await newProof(config, registered),
    browser: new Browser(issuer),
  }
}

async function newProof(
  config: client.Configuration,
  { proofAlgorithm }: Registered,
): Promise<client.DPoPHandle> {
  return client.getDPoPHandle(config, await client.randomDPoPKeyPair(proofAlgorithm))
}

interface Pushed extends client.AuthorizationCodeGrantChecks {
  readonly link: URL
}

async function push(
  config: client.Configuration,
  scope: string,
  DPoP: client.DPoPHandle,
): Promise<Pushed> {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expectedState = client.randomState()
  const expectedNonce = scope.includes('openid') ? client.randomNonce() : undefined
  const parameters = {
    redirect_uri: REDIRECT_URI,
    scope,
    state: expectedState,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...(expectedNonce !== undefined && { nonce: expectedNonce }),
  }
  const link = await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP })
  assert.deepEqual([...link.searchParams.keys()].toSorted(), ['client_id', 'request_uri'])
  return {
    link,
    pkceCodeVerifier,
    expectedState,
    ...(expectedNonce !== undefined && { expectedNonce, idTokenExpected: true }),
  }
}

async function codeFlow({ config, DPoP, browser, registered }: Session): Promise<Tokens> {
  const { link, ...checks } = await push(config, registered.scope, DPoP)
  const answer = await passThrough(browser, link)
  assert.equal(answer.searchParams.get('iss'), config.serverMetadata().issuer)
  const tokens = await client.authorizationCodeGrant(config, answer, checks, undefined, { DPoP })
  assert.equal(tokens.scope, registered.scope)
  if (registered.tokens === 'jwt') {
    assert.equal(boundKeyOf(tokens.access_token), await DPoP.calculateThumbprint())
  } else assert.ok(!tokens.access_token.includes('.'), 'an opaque token tells nothing')
  return tokens
}

async function checkUserinfo({ config, DPoP, registered }: Session, tokens: Tokens): Promise<void> {
  const { access_token } = tokens
  const fetched = (): ReturnType<typeof client.fetchUserInfo> =>
    client.fetchUserInfo(config, access_token, tokens.claims()?.sub ?? client.skipSubjectCheck, {
      DPoP,
    })
  if (registered.userinfo === undefined)
    await assert.rejects(fetched(), 'no userinfo without openid')
  else assert.equal((await fetched()).name, 'Alice Example')
}

async function checkIntrospection(
  { config, DPoP, registered }: Session,
  tokens: Tokens,
): Promise<void> {
  const told = await client.tokenIntrospection(config, tokens.access_token)
  assert.equal(told.active, true)
  assert.equal(told.client_id, registered.clientId)
  assert.equal(told.cnf?.jkt, await DPoP.calculateThumbprint())
  assert.equal(told.username, undefined, `who ${USER} is, nobody asked`)
}

/** With the same key, and with another: a refresh token belongs to the client, not to a key. */
async function checkRefresh(
  { config, DPoP, registered }: Session,
  { refresh_token = '' }: Tokens,
): Promise<void> {
  assert.notEqual(refresh_token, '')
  for (const proof of [DPoP, await newProof(config, registered)]) {
    const tokens = await client.refreshTokenGrant(config, refresh_token, undefined, { DPoP: proof })
    const told = await client.tokenIntrospection(config, tokens.access_token)
    assert.equal(told.cnf?.jkt, await proof.calculateThumbprint())
    assert.ok([undefined, refresh_token].includes(tokens.refresh_token), 'it was rotated')
  }
}
