import {
  accessTokenHash,
  decodeJwt,
  exportPrivateJwk,
  generateSigningKey,
  importPublicJwk,
  parsePublicJwk,
  thumbprint,
  verifySignature,
} from '@signet/protocol'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { fastify } from 'fastify'
import type { IncomingMessage, RequestListener } from 'node:http'
import { TLSSocket } from 'node:tls'
import { Provider } from 'oidc-provider'
import type { BffOptions, ClientOptions } from '../config/options.ts'
import type { BffEvent } from '../events.ts'
import { createBff } from '../plugin.ts'
import { TEST_CA, TEST_SERVER } from './certificates.ts'
import { createMemorySessions } from './memory-sessions.ts'
import { freePort, peerCertificate, serve, shownCertificate, type Served } from './serve.ts'
import { TestBrowser, type Answer } from './test-browser.ts'

const SECONDS = 3_600
const RESOURCE = 'https://api.example'

export interface Peer extends AsyncDisposable {
  readonly issuer: string
  readonly origin: string
  readonly events: readonly BffEvent[]
  /** What the peer was asked, as `METHOD path status`. */
  readonly asked: readonly string[]
  /** The same of the twins of its endpoints that take certificates. */
  readonly askedTwins: readonly string[]
  readonly errors: readonly unknown[]
  readonly clock: { offset: number }
  /** A browser that is logged in at the peer. */
  browser(): Promise<TestBrowser>
}

export interface PeerOptions {
  readonly bff?: Partial<BffOptions>
  /** The client as it is configured here, … */
  readonly client?: Partial<ClientOptions>
  /** … as the peer registered it, … */
  readonly registration?: object
  /** … and its keys there, besides the one that signs. */
  readonly keys?: readonly object[]
  /** Private keys of the peer, besides the one that signs. */
  readonly ownKeys?: readonly object[]
  readonly features?: object
}

/** oidc-provider as it is, in its FAPI 2.0 mode with DPoP nonces on, and a BFF in front of it. */
export async function openPeer(options: PeerOptions = {}): Promise<Peer> {
  let answer: RequestListener = () => undefined
  const [asked, askedTwins]: [string[], string[]] = [[], []]
  const listen = (noted: string[]): Promise<Served> =>
    serve((request, response) => {
      response.once('finish', () => {
        const path = (request.url ?? '').split('?', 1)[0] ?? ''
        noted.push(`${request.method} ${path} ${response.statusCode}`)
      })
      answer(request, response)
    })
  const [served, twin] = [await listen(asked), await listen(askedTwins)]
  const [port, key] = [await freePort(), generateSigningKey('ES256')]
  const origin = `https://localhost:${port}`
  const place = { origin, twin: twin.origin, jwk: key.publicJwk }
  const provider = new Provider(served.origin, configuration(place, options))
  const errors: unknown[] = []
  for (const event of ['server_error', 'grant.error', 'pushed_authorization_request.error']) {
    provider.on(event, (_context, error) => errors.push(error))
  }
  answer = provider.callback()
  const api = await serveApi(provider)
  const events: BffEvent[] = []
  const clock = { offset: 0 }
  const app = fastify({ https: TEST_SERVER, forceCloseConnections: true })
  const made = createBff({
    issuer: served.origin,
    client: { client_id: 'bank', keys: [exportPrivateJwk(key)], ...options.client },
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
    ...options.bff,
  })
  await app.register(made.plugin)
  await app.listen({ port, host: '127.0.0.1' })
  return {
    issuer: served.origin,
    origin,
    events,
    asked,
    askedTwins,
    errors,
    clock,
    browser: async () => {
      const browser = new TestBrowser()
      browser.jar(served.origin).set(...(await loggedInAt(provider)))
      return browser
    },
    [Symbol.asyncDispose]: async () => {
      await app.close()
      await Promise.all([served.close(), twin.close(), api.close()])
    },
  }
}

interface Place {
  /** Of the BFF. */
  readonly origin: string
  readonly twin: string
  readonly jwk: object
}

const signing = exportPrivateJwk(generateSigningKey('ES256'))

function configuration({ origin, twin, jwk }: Place, options: PeerOptions): object {
  const { features, registration, keys = [], ownKeys = [] } = options
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
      mTLS,
      ...features,
    },
    discovery: {
      mtls_endpoint_aliases: {
        pushed_authorization_request_endpoint: `${twin}/request`,
        token_endpoint: `${twin}/token`,
        userinfo_endpoint: `${twin}/me`,
        revocation_endpoint: `${twin}/token/revocation`,
      },
    },
    scopes: ['openid', 'offline_access', 'read'],
    clientAuthMethods: ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth'],
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
        jwks: { keys: [jwk, ...keys] },
        ...registration,
      },
    ],
    claims: { openid: ['sub'], profile: ['name'] },
    findAccount: (_: unknown, accountId: string) => ({
      accountId,
      claims: () => ({ sub: accountId, name: 'Alice Example' }),
    }),
    issueRefreshToken: () => true,
    jwks: { keys: [signing, ...ownKeys] },
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

interface Context {
  readonly req: IncomingMessage
}

/** What oidc-provider leaves to whoever runs it. */
const mTLS = {
  enabled: true,
  certificateBoundAccessTokens: true,
  tlsClientAuth: true,
  selfSignedTlsClientAuth: true,
  getCertificate: ({ req }: Context) => peerCertificate(req),
  certificateAuthorized: ({ req }: Context) =>
    req.socket instanceof TLSSocket && req.socket.authorized,
  certificateSubjectMatches: ({ req }: Context, property: string, expected: string) =>
    property === 'tls_client_auth_san_dns' &&
    peerCertificate(req)?.subjectAltName === `DNS:${expected}`,
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

/** An API that takes a token if it is bound to what came with it. */
function serveApi(provider: Provider): Promise<Served> {
  return serve(async (request, response) => {
    const [scheme = '', token = ''] = request.headers.authorization?.split(' ') ?? []
    const found =
      (await provider.AccessToken.find(token)) ?? (await provider.ClientCredentials.find(token))
    const sound =
      scheme === 'DPoP'
        ? found?.jkt === provenKey(request, token)
        : found?.['x5t#S256'] === shownCertificate(request)
    response.writeHead(found !== undefined && sound ? 200 : 401).end()
  })
}

/** The thumbprint of the key of a proof that holds. */
function provenKey(request: IncomingMessage, token: string): string {
  const proof = decodeJwt(String(request.headers['dpop']))
  const { jwk } = proof.header
  assert.equal(proof.claims['ath'], accessTokenHash(token))
  assert.ok(verifySignature(proof, importPublicJwk(jwk)))
  return thumbprint(parsePublicJwk(jwk))
}

export function why({ events, errors }: Peer): string {
  return `${JSON.stringify(events)} ${JSON.stringify(errors)}`
}

export async function logIn(peer: Peer, browser: TestBrowser): Promise<Answer> {
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
