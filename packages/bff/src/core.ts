import type { Seconds } from '@signet/protocol'
import type { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import type { BffOptions, Clock } from './config/options.ts'
import { readFrontends, Misconfigured, type Frontend } from './config/settings.ts'
import type { OnEvent } from './events.ts'
import { createAuthority, type Authority } from './oauth/authority.ts'
import { importClientKey, type ClientKey } from './oauth/client-key.ts'
import { createClientTokens, type ClientTokens } from './oauth/client-tokens.ts'
import { createIssuerKeys, type IssuerKeys } from './oauth/issuer-keys.ts'
import { createNonces, type Nonces } from './oauth/nonces.ts'
import { createOutgoing, type Outgoing } from './oauth/outgoing.ts'
import type { SessionStore } from './sessions/port.ts'
import { Refresher } from './sessions/refresh.ts'
import { createSeal, type Seal } from './sessions/seal.ts'
import { Sessions } from './sessions/sessions.ts'

/** Everything the endpoints and the proxy work with. */
export interface Core {
  readonly options: BffOptions
  readonly frontends: readonly Frontend[]
  readonly clientId: string
  readonly clientKey: ClientKey
  readonly clock: Clock
  readonly random: (bytes: number) => Buffer
  readonly onEvent: OnEvent
  readonly store: SessionStore
  readonly seal: Seal
  readonly sessions: Sessions
  readonly outgoing: Outgoing
  readonly authority: Authority
  readonly issuerKeys: IssuerKeys
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
  const frontends = readFrontends(options)
  const clock = options.clock ?? { now: () => Math.floor(Date.now() / 1_000) }
  const random = options.random ?? randomBytes
  const onEvent = quietly(options.onEvent)
  const timeout = options.timeout ?? TIMEOUT
  const clientKey = firstKey(options)
  const outgoing = createOutgoing(options.ca)
  const nonces = createNonces()
  const seal = createSeal({ keys: options.sessions.keys, random })
  const { store, sliding = SLIDING, absolute = ABSOLUTE } = options.sessions
  const sessions = new Sessions({ store, seal, clock, random, sliding, absolute, onEvent })
  const authority = createAuthority({
    issuer: options.issuer,
    clientId: options.client.client_id,
    key: clientKey,
    signedResponse: options.signedResponse ?? false,
    timeout,
    clock,
    outgoing,
    nonces,
  })
  return {
    options,
    frontends,
    clientId: options.client.client_id,
    clientKey,
    clock,
    random,
    onEvent,
    store,
    seal,
    sessions,
    outgoing,
    authority,
    issuerKeys: createIssuerKeys({ authority, outgoing, clock, timeout }),
    refresher: new Refresher({ sessions, authority, nonces, clock, random, timeout, onEvent }),
    clientTokens: createClientTokens({ authority, nonces, clock }),
    nonces,
    resourceNonces: createNonces(),
  }
}

/** All keys must be sound, also those that do not sign yet. */
function firstKey({ client }: BffOptions): ClientKey {
  const [first] = client.keys.map(importClientKey)
  if (first === undefined) throw new Misconfigured('client.keys is empty')
  return first
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
