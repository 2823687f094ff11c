import {
  accessTokenHash,
  decodeJwt,
  exportPrivateJwk,
  generateSigningKey,
  importPublicJwk,
  verifySignature,
} from '@signet/protocol'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { fastify } from 'fastify'
import type { RequestListener } from 'node:http'
import { describe, test } from 'node:test'
import { Provider } from 'oidc-provider'
import type { BffOptions } from './config/options.ts'
import type { BffEvent } from './events.ts'
import { createBff } from './plugin.ts'
import { TEST_CA, TEST_SERVER } from './testing/certificates.ts'
import { createMemorySessions } from './testing/memory-sessions.ts'
import { freePort, serve, type Served } from './testing/serve.ts'
import { jsonOf } from './testing/stage.ts'
import { goesOnTo, TestBrowser, type Answer } from './testing/test-browser.ts'

const SECONDS = 3_600
const RESOURCE = 'https://api.example'

interface Peer extends AsyncDisposable {
  readonly issuer: string
  readonly origin: string
  readonly events: readonly BffEvent[]
  /** What the peer was asked, as `METHOD path status`. */
  readonly asked: readonly string[]
  readonly errors: readonly unknown[]
  readonly clock: { offset: number }
  /** A browser that is logged in at the peer. */
  browser(): Promise<TestBrowser>
}

/** oidc-provider as it is, in its FAPI 2.0 mode with DPoP nonces on, and a BFF in front of it. */
async function openPeer(bff: Partial<BffOptions> = {}, features: object = {}): Promise<Peer> {
  let answer: RequestListener = () => undefined
  const asked: string[] = []
  const served = await serve((request, response) => {
    response.once('finish', () => {
      const path = (request.url ?? '').split('?', 1)[0] ?? ''
      asked.push(`${request.method} ${path} ${response.statusCode}`)
    })
    answer(request, response)
  })
  const [port, key] = [await freePort(), generateSigningKey('ES256')]
  const origin = `https://localhost:${port}`
  const provider = new Provider(served.origin, configuration(origin, key.publicJwk, features))
  const errors: unknown[] = []
  for (const event of ['server_error', 'grant.error', 'pushed_authorization_request.error']) {
    provider.on(event, (_context, error) => errors.push(error))
  }
  answer = provider.callback()
  const api = await serveApi()
  const events: BffEvent[] = []
  const clock = { offset: 0 }
  const app = fastify({ https: TEST_SERVER, forceCloseConnections: true })
  const made = createBff({
    issuer: served.origin,
    client: { client_id: 'bank', keys: [exportPrivateJwk(key)] },
    frontends: [
      {
        name: 'bank',
        publicOrigin: origin,
        scopes: ['openid', 'profile', 'offline_access'],
        routes: [
          { match: '/api/', target: `${api.origin}/`, token: 'user' },
          {
            match: '/client/',
            target: `${api.origin}/`,
            token: 'client',
            resource: RESOURCE,
            scopes: ['read'],
          },
        ],
      },
    ],
    sessions: {
      store: createMemorySessions(),
      keys: [Buffer.alloc(32, 1)],
      absolute: 86_400,
      sliding: 80_000,
    },
    userinfo: true,
    ca: TEST_CA,
    clock: { now: () => Math.floor(Date.now() / 1_000) + clock.offset },
    onEvent: (event) => events.push(event),
    ...bff,
  })
  await app.register(made.plugin)
  await app.listen({ port, host: '127.0.0.1' })
  return {
    issuer: served.origin,
    origin,
    events,
    asked,
    errors,
    clock,
    browser: async () => {
      const browser = new TestBrowser()
      browser.jar(served.origin).set(...(await loggedInAt(provider)))
      return browser
    },
    [Symbol.asyncDispose]: async () => {
      await app.close()
      await Promise.all([served.close(), api.close()])
    },
  }
}

function configuration(origin: string, jwk: object, features: object): object {
  return {
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
      fapi: { enabled: true, profile: '2.0' },
      pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
      revocation: { enabled: true },
      clientCredentials: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        getResourceServerInfo: () => ({ scope: 'read', accessTokenFormat: 'opaque' }),
      },
      ...features,
    },
    scopes: ['openid', 'offline_access', 'read'],
    clientAuthMethods: ['private_key_jwt'],
    clients: [
      {
        client_id: 'bank',
        redirect_uris: [`${origin}/bff/callback`],
        post_logout_redirect_uris: [`${origin}/`],
        grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
        scope: 'openid profile offline_access read',
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'ES256',
        id_token_signed_response_alg: 'ES256',
        authorization_signed_response_alg: 'ES256',
        request_object_signing_alg: 'ES256',
        dpop_bound_access_tokens: true,
        jwks: { keys: [jwk] },
      },
    ],
    claims: { openid: ['sub'], profile: ['name'] },
    findAccount: (_: unknown, accountId: string) => ({
      accountId,
      claims: () => ({ sub: accountId, name: 'Alice Example' }),
    }),
    issueRefreshToken: () => true,
    jwks: { keys: [exportPrivateJwk(generateSigningKey('ES256'))] },
    ttl: {
      AccessToken: 300,
      AuthorizationCode: 60,
      Grant: SECONDS,
      IdToken: 300,
      Session: SECONDS,
      ClientCredentials: 300,
      RefreshToken: SECONDS,
      Interaction: SECONDS,
    },
  }
}

/** What a login and a consent leave behind. @returns the cookie of the browser */
async function loggedInAt(
  provider: Provider,
): Promise<[string, { readonly value: string; readonly sameSite: string }]> {
  const grant = new provider.Grant({ accountId: 'alice', clientId: 'bank' })
  grant.addOIDCScope('openid profile offline_access')
  const session = new provider.Session()
  session.loginAccount({ accountId: 'alice' })
  session.ensureClientContainer('bank')
  session.grantIdFor('bank', await grant.save())
  await session.save(SECONDS)
  return [provider.cookieName('session'), { value: session.jti, sameSite: 'Lax' }]
}

/** An API that takes a token if its proof fits. */
function serveApi(): Promise<Served> {
  return serve((request, response) => {
    const token = request.headers.authorization?.slice('DPoP '.length) ?? ''
    const proof = decodeJwt(String(request.headers['dpop']))
    const sound =
      proof.claims['ath'] === accessTokenHash(token) &&
      verifySignature(proof, importPublicJwk(proof.header['jwk']))
    response.writeHead(sound ? 200 : 401).end()
  })
}

function why({ events, errors }: Peer): string {
  return `${JSON.stringify(events)} ${JSON.stringify(errors)}`
}

async function logIn(peer: Peer, browser: TestBrowser): Promise<Answer> {
  const login = await browser.open(`${peer.origin}/bff/login?returnUrl=/accounts`)
  assert.equal(login.status, 303, why(peer))
  const authorized = await browser.open(login.headers.location ?? '', 'cross-site')
  assert.equal(authorized.status, 303, authorized.body)
  const back = new URL(authorized.headers.location ?? '')
  assert.equal(back.origin, peer.origin, back.href)
  const answer = await browser.open(back, 'cross-site')
  assert.equal(answer.status, 200, why(peer))
  return answer
}

describe('oidc-provider, in FAPI 2.0 mode with DPoP nonces', () => {
  test('SP-CL-01 SP-CL-02 SP-CL-08 logs in, and answers with a token and a proof', async () => {
    await using peer = await openPeer()
    const browser = await peer.browser()
    assert.equal(goesOnTo(await logIn(peer, browser)), '/accounts')
    const user = jsonOf(await browser.call(`${peer.origin}/bff/user`))
    assert.deepEqual(
      { ...Object(user['claims']), auth_time: 0 },
      {
        sub: 'alice',
        name: 'Alice Example',
        auth_time: 0,
      },
    )
    assert.equal((await browser.call(`${peer.origin}/api/accounts`)).status, 200)
    assert.equal((await browser.call(`${peer.origin}/client/x`)).status, 200)
    // The first request of all is told a nonce; the next ones have it.
    const asked = peer.asked.filter((each) => each.startsWith('POST'))
    assert.deepEqual(asked.slice(0, 3), [
      'POST /request 400',
      'POST /request 201',
      'POST /token 200',
    ])
  })

  test('SP-CL-06 refreshes, from two tabs with one request', async () => {
    await using peer = await openPeer()
    const browser = await peer.browser()
    await logIn(peer, browser)
    peer.clock.offset = 400
    const before = peer.asked.length
    const tabs = await Promise.all([1, 2].map(() => browser.call(`${peer.origin}/api/x`)))
    assert.deepEqual(
      tabs.map(({ status }) => status),
      [200, 200],
      why(peer),
    )
    assert.deepEqual(peer.asked.slice(before), ['POST /token 200'])
    peer.clock.offset = 800
    assert.equal((await browser.call(`${peer.origin}/api/x`)).status, 200)
    const asked = peer.asked.slice(before).filter((each) => each.startsWith('POST'))
    assert.deepEqual(asked, ['POST /token 200', 'POST /token 200'])
  })

  test('BFF-08 logs out: takes the refresh token back, and names the person by the ID token', async () => {
    await using peer = await openPeer()
    const browser = await peer.browser()
    await logIn(peer, browser)
    const logout = await browser.call(`${peer.origin}/bff/logout`, { method: 'POST' })
    assert.equal(logout.status, 200)
    for (let at = 0; at < 100 && !peer.asked.includes('POST /token/revocation 200'); at++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    assert.ok(peer.asked.includes('POST /token/revocation 200'))
    const next = await browser.open(peer.origin + String(jsonOf(logout)['logoutUrl']))
    const end = await browser.open(next.headers.location ?? '', 'cross-site')
    assert.equal(end.status, 200, end.body)
  })

  test('JAR and JARM, where the peer asks for them', async () => {
    await using peer = await openPeer(
      { requestObject: true, signedResponse: true },
      {
        requestObjects: { enabled: true },
        jwtResponseModes: { enabled: true },
      },
    )
    const browser = await peer.browser()
    assert.equal(goesOnTo(await logIn(peer, browser)), '/accounts')
  })
})
