import { deflateSync } from 'node:zlib'
import {
  generateSigningKey,
  importClientJwks,
  importEncryptionKeys,
  type SigningKey,
} from '@signet/protocol'
import type { Client } from '../clients/client.ts'
import { clientFromMetadata } from '../clients/registration.ts'
import { endpointsOf, type Service } from '../config.ts'
import type { MutualTls } from '../outcomes.ts'
import type { Ports } from '../ports.ts'
import { RESPONSE_MODES } from '../response-modes.ts'
import { createActor, type Actor } from './actor.ts'
import { fixedClock, type FixedClock } from './clock.ts'
import { createMemoryStore } from './memory-store.ts'
import { countedRandom } from './random.ts'
import { serviceKeys } from './service-keys.ts'

/** A service in memory with everything a step asks for, and a client of it that holds its keys. */
export interface Stage {
  readonly ports: Ports
  readonly clock: FixedClock
  readonly app: Actor
  /** Registers another client, or the same anew; with certificates, it goes to the endpoints that ask for them. */
  enrol(
    metadata: Readonly<Record<string, unknown>>,
    key?: SigningKey,
    chain?: MutualTls['chain'],
  ): Actor
  /** Adds a user the `Subjects` port knows. */
  addUser(subject: string, claims: Readonly<Record<string, unknown>>): void
  removeUser(subject: string): void
}

export const ISSUER = 'https://as.example'
export const REDIRECT_URI = 'https://app.example/callback'
export const RESOURCE = 'https://api.example'
/** RFC 7636, appendix B. */
export const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
export const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'

/** What a pushed request needs and no more. */
export const ASKING: Readonly<Record<string, string>> = {
  response_type: 'code',
  redirect_uri: REDIRECT_URI,
  code_challenge: CHALLENGE,
  code_challenge_method: 'S256',
}

// Made once: keys cost more than the tests that use them.
const appKey = generateSigningKey('ES256')
const appDpopKey = generateSigningKey('ES256')

export const SERVICE: Service = {
  issuer: ISSUER,
  name: 'Example service',
  endpoints: endpointsOf(ISSUER),
  lifetimes: {
    pushedRequest: 90,
    interaction: 600,
    code: 60,
    accessToken: 300,
    refreshToken: 2_592_000,
    idToken: 600,
    session: 28_800,
  },
  dpop: { nonce: 'off' },
  statusList: { enabled: true, ttl: 5 },
  scopes: {
    accounts: { description: { en: 'See your accounts' } },
    payments: { description: { en: 'Pay' } },
  },
  resources: [
    { identifier: RESOURCE, scopes: ['accounts', 'payments'], introspectionClients: ['api'] },
    { identifier: 'https://other.example/api', introspectionClients: [] },
  ],
  defaultResource: RESOURCE,
  signingAlgorithms: ['ES256', 'EdDSA'],
  requireSignedRequests: false,
  responseModes: RESPONSE_MODES,
  requestObjectEncryption: [],
}

export const APP: Readonly<Record<string, unknown>> = {
  client_id: 'app',
  client_name: 'Example app',
  redirect_uris: [REDIRECT_URI, `${REDIRECT_URI}?tenant=1`],
  post_logout_redirect_uris: ['https://app.example/bye'],
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  scope: 'openid profile email accounts payments offline_access',
}

/** Sets a service up. What is given replaces what `SERVICE` says. */
export function createStage(changes: Partial<Service> = {}): Stage {
  const service = { ...SERVICE, ...changes }
  const clock = fixedClock()
  const random = countedRandom()
  const clients = new Map<string, Actor>()
  const users = new Map<string, Readonly<Record<string, unknown>>>()
  const ports: Ports = {
    service,
    clock,
    random,
    keys: serviceKeys(service, clock),
    clients: {
      find: async (id) => clients.get(id)?.client,
      keys: async (client) => importClientJwks(jwksOf(client)).keys,
      encryptionKeys: async (client) => importEncryptionKeys(jwksOf(client)).keys,
    },
    subjects: { claims: async (subject) => users.get(subject) },
    store: createMemoryStore(clock),
    deflate: deflateSync,
    logoutNotices: { send: () => {} },
  }
  const enrol: Stage['enrol'] = (metadata, key = generateSigningKey('ES256'), chain) => {
    const jwks = { keys: [key.publicJwk] }
    const registered = clientFromMetadata({ jwks, ...metadata }, service)
    const actor = createActor(registered, { key, dpopKey: appDpopKey, chain }, ports)
    clients.set(registered.id, actor)
    return actor
  }
  return {
    ports,
    clock,
    app: enrol(APP, appKey),
    enrol,
    addUser: (subject, claims) => void users.set(subject, claims),
    removeUser: (subject) => void users.delete(subject),
  }
}

function jwksOf({ keys }: Client): unknown {
  return 'jwks' in keys ? keys.jwks : { keys: [] }
}
