import { exportPrivateJwk, generateSigningKey, type Seconds } from '@signet/protocol'
import assert from 'node:assert/strict'
import { fastify, type FastifyInstance } from 'fastify'
import type { BffOptions, FrontendOptions, RouteOptions } from '../config/options.ts'
import type { BffEvent } from '../events.ts'
import { createBff } from '../plugin.ts'
import type { SessionStore } from '../sessions/port.ts'
import { TEST_CA, TEST_SERVER } from './certificates.ts'
import { createMemorySessions } from './memory-sessions.ts'
import { ScriptedApi } from './scripted-api.ts'
import { ScriptedAuthority } from './scripted-authority.ts'
import { freePort } from './serve.ts'
import { goesOnTo, TestBrowser, type Answer } from './test-browser.ts'

/** A clock that can be moved. It shows the real time, because `openid-client` has only that. */
export interface MovableClock {
  now(): Seconds
  advance(seconds: Seconds): void
}

export interface Stage extends AsyncDisposable {
  readonly authority: ScriptedAuthority
  readonly api: ScriptedApi
  readonly app: FastifyInstance
  readonly origin: string
  readonly store: SessionStore
  readonly clock: MovableClock
  readonly events: readonly BffEvent[]
  /** Another process of the same BFF, or the same with other options: the same store and keys. @returns its origin */
  another(changes?: Partial<BffOptions>): Promise<string>
  /** Goes to the login, as far as the authorization server. @returns where it sends the browser */
  begin(browser: TestBrowser, returnUrl?: string): Promise<string>
  /** The whole login. @returns the last answer */
  logIn(browser: TestBrowser, returnUrl?: string): Promise<Answer>
}

export interface StageOptions {
  readonly bff?: Partial<BffOptions>
  readonly frontend?: Partial<FrontendOptions>
  readonly routes?: (api: string) => readonly RouteOptions[]
  readonly store?: SessionStore
}

export const ENCRYPTION_KEY: Buffer = Buffer.alloc(32, 7)
export const CLIENT_KEY: object = exportPrivateJwk(generateSigningKey('ES256'))

const usualRoutes = (api: string): readonly RouteOptions[] => [
  { match: '/api/', target: `${api}/v1/`, token: 'user', eventStream: true, webSocket: true },
  { match: '/shop/', target: `${api}/shop/`, token: 'client', scopes: ['shop'] },
  { match: '/news/', target: `${api}/news/`, token: 'user-or-none' },
  { match: '/public/', target: `${api}/public/`, token: 'none', csrf: false },
]

/** An authorization server, an API, and a BFF between them and a browser, all over TLS. */
export async function openStage(options: StageOptions = {}): Promise<Stage> {
  const authority = await new ScriptedAuthority().listen()
  const api = await new ScriptedApi().listen()
  const store = options.store ?? createMemorySessions()
  const events: BffEvent[] = []
  const clock = movableClock()
  const apps: FastifyInstance[] = []

  const start = async (
    port: number,
    publicOrigin: string,
    changes: Partial<BffOptions> = {},
  ): Promise<FastifyInstance> => {
    const made = createBff({
      issuer: authority.issuer,
      client: { client_id: 'bank', keys: [CLIENT_KEY] },
      frontends: [
        {
          name: 'bank',
          publicOrigin,
          match: { host: `localhost:${port}` },
          scopes: ['openid', 'accounts'],
          acrValues: ['strong'],
          routes: (options.routes ?? usualRoutes)(api.origin),
          ...options.frontend,
        },
      ],
      sessions: { store, keys: [ENCRYPTION_KEY], sliding: 900, absolute: 3_600 },
      timeout: 2,
      ca: TEST_CA,
      clock,
      onEvent: (event) => events.push(event),
      ...options.bff,
      ...changes,
    })
    const app = fastify({ https: TEST_SERVER, forceCloseConnections: true })
    await app.register(made.plugin)
    await app.listen({ port, host: '127.0.0.1' })
    apps.push(app)
    return app
  }

  const port = await freePort()
  const origin = `https://localhost:${port}`
  const app = await start(port, origin)
  const begin = async (browser: TestBrowser, returnUrl = '/accounts'): Promise<string> => {
    const url = `${origin}/bff/login?returnUrl=${encodeURIComponent(returnUrl)}`
    const answer = await browser.open(url)
    assert.equal(answer.status, 303, answer.body)
    return answer.headers.location ?? ''
  }
  return {
    authority,
    api,
    app,
    origin,
    store,
    clock,
    events,
    begin,
    another: async (changes) => {
      const other = await freePort()
      await start(other, origin, changes)
      return `https://localhost:${other}`
    },
    logIn: async (browser, returnUrl) => {
      const back = await authority.answer(await begin(browser, returnUrl))
      const answer = await browser.open(back, 'cross-site')
      assert.equal(answer.status, 200, answer.body)
      assert.notEqual(goesOnTo(answer), undefined)
      return answer
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(apps.map((each) => each.close()))
      await Promise.all([authority.close(), api.close()])
    },
  }
}

function movableClock(): MovableClock {
  let offset = 0
  return {
    now: () => Math.floor(Date.now() / 1_000) + offset,
    advance: (seconds) => {
      offset += seconds
    },
  }
}

export function jsonOf({ body }: Answer): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(body)
  assert.ok(typeof value === 'object' && value !== null)
  return { ...value }
}
