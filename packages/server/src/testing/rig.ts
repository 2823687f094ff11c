import type { Store } from '@signet/engine'
import {
  countedRandom,
  createMemoryStore,
  fixedClock,
  type FixedClock,
} from '@signet/engine/testing'
import { createClientAssertion, createProof, generateSigningKey } from '@signet/protocol'
import type { Stores } from '../adapters/stores.ts'
import { startServer } from '../compose.ts'
import type { Config, ServiceConfig } from '../config/config.ts'
import { hashPassword } from '../login/password.ts'
import type { RunningServer } from '../started-server.ts'
import { exchange, postForm, type Received, type Sent } from './exchange.ts'
import { serviceOf } from './service.ts'

export const ISSUER = 'https://as.example'
export const REDIRECT_URI = 'https://app.example/cb'
/** RFC 7636, appendix B. */
export const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'

export const PASSWORD = 'wonderland'
/** Cheap on purpose: what a login costs is the matter of another test. */
export const PASSWORD_HASH: string = await hashPassword(PASSWORD, {
  memory: 64,
  passes: 1,
  parallelism: 1,
})

const key = generateSigningKey('ES256')
const dpopKey = generateSigningKey('ES256')

const CLIENT: Readonly<Record<string, unknown>> = {
  client_id: 'app',
  client_name: 'Example app',
  redirect_uris: [REDIRECT_URI],
  post_logout_redirect_uris: ['https://app.example/bye'],
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  scope: 'openid profile accounts offline_access',
  jwks: { keys: [key.publicJwk] },
}

export function serviceConfig(issuer: string, change: Partial<ServiceConfig> = {}): ServiceConfig {
  return {
    service: serviceOf(issuer),
    clients: [CLIENT],
    users: [{ username: 'alice', password_hash: PASSWORD_HASH, claims: { name: 'Alice Example' } }],
    ...change,
  }
}

export function configOf(change: Partial<Config> = {}): Config {
  return {
    listen: { host: '127.0.0.1', port: 0 },
    proxies: { trusted: [] },
    store: { memory: true },
    log: { level: 'debug' },
    outgoing: { allowPrivateHosts: [], trustedCas: [] },
    keys: { announce: 600, retire: 86_400 },
    audit: { retention: 86_400, unauthenticated: 100_000 },
    drain: 1,
    services: [serviceConfig(ISSUER)],
    ...change,
  }
}

/** A server on a free port with a clock that stands still, its state in memory, and a client of it. */
export interface Rig {
  readonly server: RunningServer
  readonly clock: FixedClock
  /** Of the service of this issuer; without one, of the first. */
  readonly store: (issuer?: string) => Store
  /** Every line that was logged. */
  readonly log: readonly string[]
  readonly get: (path: string, headers?: Sent['headers']) => Promise<Received>
  readonly post: (
    path: string,
    fields: Readonly<Record<string, string>>,
    headers?: Sent['headers'],
  ) => Promise<Received>
  readonly send: (path: string, sent: Sent) => Promise<Received>
  /** Fields that authenticate the client. */
  readonly credentials: (issuer?: string) => Readonly<Record<string, string>>
  readonly proof: (
    url: string,
    change?: { method?: string; accessToken?: string; nonce?: string },
  ) => string
}

const random = countedRandom('rig')

export async function startRig(
  config: Config = configOf(),
  alter: (store: Store) => Store = (store) => store,
  check: Stores['check'] = () => Promise.resolve(),
): Promise<Rig> {
  const clock = fixedClock()
  const log: string[] = []
  const stores = { ...memoryStores(clock, alter), check }
  const server = await startServer(config, {
    clock,
    stores,
    log: { write: (line) => void log.push(line) },
  })
  const [first] = config.services
  const url = (path: string): string => `${server.url}${path}`
  return {
    server,
    clock,
    log,
    store: (issuer = first?.service.issuer ?? '') => stores.store(issuer),
    get: (path, headers = {}) => exchange(url(path), { headers }),
    post: (path, fields, headers) => postForm(url(path), fields, headers),
    send: (path, sent) => exchange(url(path), sent),
    credentials: (issuer = first?.service.issuer ?? '') => ({
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: createClientAssertion({
        key,
        clientId: 'app',
        issuer,
        now: clock.now(),
        jti: random.token(128),
      }),
    }),
    proof: (htu, { method = 'POST', ...change } = {}) =>
      createProof({
        key: dpopKey,
        url: htu,
        method,
        now: clock.now(),
        jti: random.token(128),
        ...change,
      }),
  }
}

function memoryStores(clock: FixedClock, alter: (store: Store) => Store): Stores {
  const stores = new Map<string, Store>()
  const storeOf = (issuer: string): Store => {
    const store = stores.get(issuer) ?? alter(createMemoryStore(clock))
    stores.set(issuer, store)
    return store
  }
  return {
    store: storeOf,
    snapshot: (issuers, read) => read(issuers.map(storeOf)),
    transaction: (issuers, work) => work(issuers.map(storeOf)),
    sweep: () => Promise.resolve({ codes: 1 }),
    check: () => Promise.resolve(),
    close: () => {},
  }
}

/** Pushes a request and says where the browser has to go. */
export async function push(
  { post, credentials, proof }: Rig,
  asked: Readonly<Record<string, string>> = {},
  issuer: string = ISSUER,
): Promise<string> {
  const base = new URL(issuer).pathname.replace(/\/$/, '')
  const pushed = await post(
    `${base}/par`,
    {
      ...credentials(issuer),
      response_type: 'code',
      redirect_uri: REDIRECT_URI,
      scope: 'openid profile accounts offline_access',
      state: 'st',
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
      ...asked,
    },
    { dpop: proof(`${issuer}/par`) },
  )
  const { request_uri: uri } = pushed.json()
  return `${base}/authorize?client_id=app&request_uri=${encodeURIComponent(String(uri))}`
}

/** The path of a location on this server, whatever its issuer says. */
export function pathIn({ headers }: Received): string {
  const { pathname, search } = new URL(headers.location ?? '')
  return pathname + search
}
