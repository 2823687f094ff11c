import {
  createSeal,
  importDecryptionJwk,
  type Seal,
  type Seconds,
  type SigningKey,
} from '@signet/protocol'
import type { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import type { BffOptions, Clock } from './config/options.ts'
import { checkOptions } from './config/check-options.ts'
import { clientSettings, type ClientSettings } from './config/client-settings.ts'
import { Misconfigured } from './config/misconfigured.ts'
import { readFrontends, type Frontend } from './config/settings.ts'
import type { OnEvent } from './events.ts'
import { createApiKeys, type ApiKeys } from './oauth/api-keys.ts'
import { createAuthority, type Authority } from './oauth/authority.ts'
import { clientAuthentication } from './oauth/client-authentication.ts'
import { importOwnCertificate, type OwnCertificate } from './oauth/client-certificate.ts'
import { importClientKey, type ClientKey } from './oauth/client-key.ts'
import { createClientTokens, type ClientTokens } from './oauth/client-tokens.ts'
import { CONSTRAINTS, type Constraint } from './oauth/constraint.ts'
import { createDecryption, type Decryption } from './oauth/decryption.ts'
import { createIssuerKeys, type IssuerKeys } from './oauth/issuer-keys.ts'
import { createNonces, type Nonces } from './oauth/nonces.ts'
import { createOutgoing, type Outgoing } from './oauth/outgoing.ts'
import { packEncrypted, packPlain, packSigned, type Packing } from './oauth/packing.ts'
import { readAnswer } from './oauth/read-answer.ts'
import type { SessionStore } from './sessions/port.ts'
import { Refresher } from './sessions/refresh.ts'
import { Sessions } from './sessions/sessions.ts'

/** Everything the endpoints and the proxy work with. */
export interface Core {
  readonly options: BffOptions
  readonly frontends: readonly Frontend[]
  readonly clientId: string
  readonly settings: ClientSettings
  readonly certificate: OwnCertificate | undefined
  readonly clock: Clock
  readonly random: (bytes: number) => Buffer
  readonly onEvent: OnEvent
  readonly store: SessionStore
  readonly seal: Seal
  readonly sessions: Sessions
  readonly outgoing: Outgoing
  readonly constraint: Constraint
  readonly pack: Packing
  readonly decryption: Decryption
  readonly authority: Authority
  readonly issuerKeys: IssuerKeys
  /** What calls of routes that sign are signed with. */
  readonly signingKey: SigningKey | undefined
  readonly apiKeys: ApiKeys
  readonly refresher: Refresher
  readonly clientTokens: ClientTokens
  /** Of the authorization server. */
  readonly nonces: Nonces
  /** Of the APIs: a server may be both, and its nonces differ. */
  readonly resourceNonces: Nonces
}

const TIMEOUT: Seconds = 10
const SLIDING: Seconds = 900
const ABSOLUTE: Seconds = 28_800

/**
 * Puts a BFF together. Nothing is asked of anybody yet.
 *
 * @throws Misconfigured
 */
export function createCore(options: BffOptions): Core {
  const problems = checkOptions(options)
  if (problems.length > 0) throw new Misconfigured(problems)
  const frontends = readFrontends(options)
  const settings = clientSettings(options)
  const clock = options.clock ?? { now: () => Math.floor(Date.now() / 1_000) }
  const random = options.random ?? randomBytes
  const onEvent = quietly(options.onEvent)
  const timeout = options.timeout ?? TIMEOUT
  const { key, certificate, decryption } = credentialsOf(options)
  const outgoing = createOutgoing({ ca: options.ca, certificate })
  const [nonces, resourceNonces] = [createNonces(), createNonces()]
  const means = { certificate, nonces, resourceNonces, clock, random }
  const constraint = CONSTRAINTS[settings.senderConstraint](means)
  const seal = createSeal({ keys: options.sessions.keys, random })
  const { store, sliding = SLIDING, absolute = ABSOLUTE } = options.sessions
  const sessions = new Sessions({ store, seal, clock, random, sliding, absolute, onEvent })
  const authority: Authority = createAuthority({
    ...settings,
    issuer: options.issuer,
    clientId: options.client.client_id,
    authentication: clientAuthentication(settings.authentication, key),
    timeout,
    clock,
    outgoing,
    readAnswer: (answer) => readAnswer(answer, { decryption, keys: issuerKeys }),
    nonces,
  })
  const asking = { authority, clock, timeout }
  const issuerKeys: IssuerKeys = createIssuerKeys({ ...asking, outgoing })
  const routes = frontends.flatMap((frontend) => frontend.routes)
  return {
    options,
    frontends,
    clientId: options.client.client_id,
    settings,
    certificate,
    clock,
    random,
    onEvent,
    store,
    seal,
    sessions,
    outgoing,
    constraint,
    pack: packingOf(settings, key, issuerKeys),
    decryption,
    authority,
    issuerKeys,
    signingKey: key?.signing,
    apiKeys: createApiKeys({ routes, outgoing, clock, timeout }),
    refresher: new Refresher({ ...asking, sessions, issuerKeys, constraint, random, onEvent }),
    clientTokens: createClientTokens({ authority, constraint, clock }),
    nonces,
    resourceNonces,
  }
}

interface Credentials {
  readonly key: ClientKey | undefined
  readonly certificate: OwnCertificate | undefined
  readonly decryption: Decryption
}

function credentialsOf({
  client: { keys = [], decryptionKeys = [], tls },
}: BffOptions): Credentials {
  const [key] = keys.map(importClientKey)
  return {
    key,
    certificate: tls && importOwnCertificate(tls),
    decryption: createDecryption(decryptionKeys.map(importDecryptionJwk)),
  }
}

function packingOf(
  { requestObject, requestObjectEncryption: encryption }: ClientSettings,
  key: ClientKey | undefined,
  issuerKeys: IssuerKeys,
): Packing {
  const pack = requestObject ? packSigned(key) : packPlain
  return encryption === undefined ? pack : packEncrypted(pack, encryption, issuerKeys)
}

/** Whoever listens must not be able to break what happens. */
function quietly(onEvent: OnEvent | undefined): OnEvent {
  return (event) => {
    try {
      onEvent?.(event)
    } catch {
      // Nobody is left to tell.
    }
  }
}
