import { Buffer } from 'node:buffer'
import { deflateSync } from 'node:zlib'
import {
  createClientAssertion,
  createNonces,
  createProof,
  generateSigningKey,
  generateEncryptionKey,
  importEncryptionKeys,
  importClientJwks,
  verificationKeyOf,
  type Algorithm,
  type DecryptionAlgorithm,
  type DecryptionKey,
  type KeyManagement,
  type SigningKey,
} from '@signet/protocol'
import { ASSERTION_TYPE } from '../client-authentication.rules.ts'
import type { Client } from '../clients/client.ts'
import { clientFromMetadata } from '../clients/registration.ts'
import { endpointsOf, type Service } from '../config.ts'
import type { BackChannelRequest } from '../outcomes.ts'
import type { Keys, Ports } from '../ports.ts'
import { fixedClock, type FixedClock } from './clock.ts'
import { RESPONSE_MODES } from '../response-modes.ts'
import { createMemoryStore } from './memory-store.ts'
import { countedRandom } from './random.ts'

/** A service in memory with everything a step asks for, and a client of it that holds its keys. */
export interface Stage {
  readonly ports: Ports
  readonly clock: FixedClock
  readonly app: Actor
  /** Registers another client. */
  enrol(metadata: Readonly<Record<string, unknown>>, key?: SigningKey): Actor
  /** Adds a user the `Subjects` port knows. */
  addUser(subject: string, claims: Readonly<Record<string, unknown>>): void
  removeUser(subject: string): void
}

/** A client with its keys: makes the requests a client makes. */
export interface Actor {
  readonly client: Client
  readonly key: SigningKey
  readonly dpopKey: SigningKey
  assertion(): string
  proof(target: ProofOf): string
  /** An authenticated form, with a proof when a target is given. */
  request(parameters: Parameters, target?: ProofOf): BackChannelRequest
}

export interface ProofOf {
  readonly url: string
  readonly method?: string
  readonly key?: SigningKey
  readonly accessToken?: string
  readonly nonce?: string
}

/** Several values make several parameters of one name. */
export type Parameters = Readonly<Record<string, string | readonly string[]>>

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
const serviceKeys = new Map<Algorithm, SigningKey>()
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
    keys: keysOf(service, clock),
    clients: {
      find: async (id) => clients.get(id)?.client,
      keys: async ({ id }) => importClientJwks(jwksOf(clients.get(id)?.client)).keys,
      encryptionKeys: async (client) => importEncryptionKeys(jwksOf(client)).keys,
    },
    subjects: { claims: async (subject) => users.get(subject) },
    store: createMemoryStore(clock),
    deflate: deflateSync,
    logoutNotices: { send: () => {} },
  }
  const enrol: Stage['enrol'] = (metadata, key = generateSigningKey('ES256')) => {
    const jwks = { keys: [key.publicJwk] }
    const registered = clientFromMetadata({ jwks, ...metadata }, service)
    const actor = createActor(registered, key, ports)
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

function jwksOf(client: Client | undefined): unknown {
  return client !== undefined && 'jwks' in client.keys ? client.keys.jwks : { keys: [] }
}

function createActor(client: Client, key: SigningKey, { service, clock, random }: Ports): Actor {
  const dpopKey = appDpopKey
  const assertion = (): string =>
    createClientAssertion({
      key,
      clientId: client.id,
      issuer: service.issuer,
      now: clock.now(),
      jti: random.token(128),
    })
  const proof = ({ key: proofKey = dpopKey, method = 'POST', ...target }: ProofOf): string =>
    createProof({ ...target, key: proofKey, method, now: clock.now(), jti: random.token(128) })
  return {
    client,
    key,
    dpopKey,
    assertion,
    proof,
    request: (parameters, target) =>
      formRequest(
        { client_assertion_type: ASSERTION_TYPE, client_assertion: assertion(), ...parameters },
        target && proof(target),
      ),
  }
}

/** A form as it comes over the back channel. */
export function formRequest(parameters: Parameters, proof?: string): BackChannelRequest {
  const body = new URLSearchParams()
  for (const [name, values] of Object.entries(parameters)) {
    for (const value of typeof values === 'string' ? [values] : values) body.append(name, value)
  }
  return {
    contentType: 'application/x-www-form-urlencoded',
    body: body.toString(),
    authorization: [],
    dpop: proof === undefined ? [] : [proof],
  }
}

/** Made once, as those for signatures. */
const decryptionKeys = new Map<DecryptionAlgorithm, DecryptionKey>()

function keyKind(algorithm: KeyManagement): DecryptionAlgorithm {
  return algorithm === 'RSA-OAEP-256' ? algorithm : 'ECDH-ES'
}

function decryptionKey(algorithm: DecryptionAlgorithm): DecryptionKey {
  const key = decryptionKeys.get(algorithm) ?? generateEncryptionKey(algorithm)
  decryptionKeys.set(algorithm, key)
  return key
}

function keysOf({ signingAlgorithms, requestObjectEncryption }: Service, clock: FixedClock): Keys {
  const keys = signingAlgorithms.map((algorithm) => {
    const key = serviceKeys.get(algorithm) ?? generateSigningKey(algorithm)
    serviceKeys.set(algorithm, key)
    return key
  })
  const nonces = createNonces({ key: Buffer.alloc(32, 7) })
  return {
    signer: (algorithm) =>
      keys.find((key) => key.algorithm === (algorithm === 'Ed25519' ? 'EdDSA' : algorithm)),
    published: keys.map(verificationKeyOf),
    decryption: [...new Set(requestObjectEncryption.map(keyKind))].map(decryptionKey),
    jwks: JSON.stringify({ keys: keys.map(({ publicJwk }) => publicJwk) }),
    algorithms: signingAlgorithms,
    nonces: {
      current: () => nonces.current(clock.now()),
      policy: { accepts: (nonce) => nonces.accepts(nonce, clock.now()) },
    },
  }
}
