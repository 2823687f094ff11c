import { deflateSync } from 'node:zlib'
import {
  createIdToken,
  generateSigningKey,
  verificationKeyOf,
  type IdTokenClaims,
  type SigningKey,
} from '@signet/protocol'
import { PASSWORD_ACR } from '../../authentication-context.ts'
import type { AcceptedParameters } from '../../authorization-parameters.ts'
import type { Client } from '../../clients/client.ts'
import { endpointsOf, type Service } from '../../config.ts'
import { datedSecret, digestOf } from '../../digest.ts'
import type { LogoutNotice, Ports } from '../../ports.ts'
import type { AuditEvent } from '../../store/audit.ts'
import type { Consent, Session } from '../../store/durable.ts'
import type { PushedRequest } from '../../store/ephemeral.ts'
import type { Store } from '../../store/store.ts'
import { RESPONSE_MODES } from '../../response-modes.ts'
import {
  createMemoryStore,
  fixedClock,
  countedRandom,
  type FixedClock,
} from '../../testing/index.ts'
import { REQUEST_URI_PREFIX } from '../push.ts'

export const ISSUER = 'https://as.example/bank'
export const CALLBACK = 'https://app.example/cb?tenant=a%2Fb&x='
export const API = 'https://api.example'

const exampleService: Service = {
  issuer: ISSUER,
  name: 'Example',
  endpoints: endpointsOf(ISSUER),
  lifetimes: {
    pushedRequest: 90,
    interaction: 600,
    code: 60,
    accessToken: 300,
    refreshToken: 2_592_000,
    idToken: 300,
    session: 28_800,
  },
  dpop: { nonce: 'off' },
  statusList: { enabled: true, ttl: 5 },
  scopes: { accounts: { description: { en: 'See your accounts' } } },
  resources: [{ identifier: API, introspectionClients: [] }],
  defaultResource: ISSUER,
  signingAlgorithms: ['ES256'],
  requireSignedRequests: false,
  responseModes: RESPONSE_MODES,
  requestObjectEncryption: [],
}

export const app: Client = {
  id: 'app',
  name: 'Example app',
  redirectUris: [CALLBACK],
  postLogoutRedirectUris: ['https://app.example/bye?lang=de'],
  grantTypes: new Set(['authorization_code', 'refresh_token']),
  scopes: new Set(['openid', 'profile', 'email', 'accounts', 'offline_access']),
  keys: { jwks: { keys: [] } },
  accessTokenFormat: 'jwt',
  authentication: { method: 'private_key_jwt' },
  senderConstraint: 'dpop',
  responseModes: new Set(RESPONSE_MODES),
  requestObject: { required: false },
  authorizationResponse: { algorithm: 'ES256' },
  idToken: { algorithm: 'ES256' },
  introspectionResponse: { algorithm: 'ES256' },
  requireAuthTime: false,
  defaultAcrValues: [],
}

export const parameters: AcceptedParameters = {
  redirect_uri: CALLBACK,
  scope: 'openid accounts',
  state: 'the state',
  nonce: 'the nonce',
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
}

/** One service in memory, with a clock that stands still, and clients that may change under way. */
export interface Scene {
  readonly ports: Ports
  readonly clock: FixedClock
  readonly store: Store
  readonly key: SigningKey
  /** The registered, enabled clients. */
  readonly clients: Map<string, Client>
  /** What the store was asked to do, as `codes.put`, in order. */
  readonly calls: string[]
  /** The audit events, in order. */
  readonly events: AuditEvent[]
  /** What clients were told of sessions that ended, in order. */
  readonly notices: LogoutNotice[]
}

export function createScene(): Scene {
  const clock = fixedClock()
  const calls: string[] = []
  const events: AuditEvent[] = []
  const notices: LogoutNotice[] = []
  const store = watched(createMemoryStore(clock), calls, events)
  const clients = new Map([[app.id, app]])
  const key = generateSigningKey('ES256')
  const ports: Ports = {
    service: exampleService,
    clock,
    random: countedRandom(),
    store,
    keys: {
      signer: () => key,
      published: [verificationKeyOf(key)],
      decryption: [],
      jwks: '{"keys":[]}',
      algorithms: ['ES256'],
      nonces: { current: () => '', policy: { accepts: () => false } },
    },
    clients: {
      find: async (id) => clients.get(id),
      keys: async () => [],
      encryptionKeys: async () => [],
    },
    subjects: { claims: async () => ({}) },
    deflate: deflateSync,
    logoutNotices: { send: (notice) => void notices.push(notice) },
  }
  return { ports, clock, store, key, clients, calls, events, notices }
}

/** A request that the push has accepted, of `app` unless said otherwise. */
export async function pushed(
  { ports, clock, store }: Scene,
  change?: Partial<AcceptedParameters>,
  row?: Partial<PushedRequest>,
): Promise<string> {
  const requestUri = `${REQUEST_URI_PREFIX}${datedSecret(ports)}`
  const { pushedRequest, interaction } = ports.service.lifetimes
  const expiresAt = clock.now() + pushedRequest
  await store.pushedRequests.put({
    digest: digestOf(requestUri),
    clientId: app.id,
    parameters: { ...parameters, ...change },
    expiresAt,
    keptUntil: expiresAt + interaction,
    ...row,
  })
  return requestUri
}

/** A session of alice, who logged in 100 s ago; the answer is the secret in her cookie. */
export async function sessionIn(scene: Scene, change?: Partial<Session>): Promise<string> {
  const { ports, clock, store } = scene
  const secret = ports.random.token(256)
  await store.sessions.put({
    digest: digestOf(secret),
    sid: ports.random.token(128),
    subject: 'alice',
    authTime: clock.now() - 100,
    acr: PASSWORD_ACR,
    amr: ['pwd'],
    expiresAt: clock.now() + ports.service.lifetimes.session,
    ...change,
  })
  return secret
}

/** Alice has allowed `app` all that `parameters` ask for, or something else. */
export async function allowed({ store, clock }: Scene, change?: Partial<Consent>): Promise<void> {
  await store.consents.put({
    subject: 'alice',
    clientId: app.id,
    scopes: ['openid', 'accounts'],
    resources: [ISSUER],
    updatedAt: clock.now(),
    ...change,
  })
}

/** An ID token that `app` got for alice a while ago; it has expired. */
export function idTokenFrom({ key, clock }: Scene, change?: Partial<IdTokenClaims>): string {
  const iat = clock.now() - 1_000
  return createIdToken(
    { iss: ISSUER, sub: 'alice', aud: app.id, iat, exp: iat + 300, ...change },
    key,
  )
}

/** The store, writing down what it is asked. */
function watched(store: Store, calls: string[], events: AuditEvent[]): Store {
  const watch = <Part extends object>(name: string, part: Part): Part =>
    new Proxy(part, {
      get(target, verb) {
        const value: unknown = Reflect.get(target, verb)
        if (typeof value !== 'function') return value
        return (...args: readonly unknown[]): unknown => {
          calls.push(`${name}.${String(verb)}`)
          return Reflect.apply(value, target, args)
        }
      },
    })
  const audit: Store['audit'] = {
    ...store.audit,
    record: async (event) => {
      events.push(event)
      await store.audit.record(event)
    },
  }
  return {
    ...store,
    pushedRequests: watch('pushedRequests', store.pushedRequests),
    interactions: watch('interactions', store.interactions),
    codes: watch('codes', store.codes),
    sessions: watch('sessions', store.sessions),
    consents: watch('consents', store.consents),
    audit: watch('audit', audit),
  }
}
