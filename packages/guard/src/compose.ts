import { createNonces, type Nonces } from '@signet/protocol'
import { algorithmsOf, type ChallengePolicy } from './challenge.ts'
import type { CheckPorts } from './check.ts'
import { createClientKeys } from './client-keys.ts'
import { createIntrospection } from './introspection.ts'
import { createIssuer, type Issuer, type Trouble } from './issuer.ts'
import { createJwtSource, issuerOf, type Trusted } from './jwt-source.ts'
import { metadataUrlOf } from './metadata.ts'
import type { GuardOptions } from './options.ts'
import { issuersOf } from './options.rules.ts'
import { replayInMemory } from './replay.ts'
import { createStatusLists } from './status-lists.ts'
import { tell } from './tell.ts'
import type { TokenSource } from './token-source.ts'
import type { World } from './world.ts'

/** A guard in a given world: `isProxy` decides whose certificate header is believed. */
export interface Surroundings {
  readonly world: World
  readonly isProxy: (address: string) => boolean
}

export interface Composed {
  readonly ports: CheckPorts
  readonly issuers: readonly Issuer[]
  /** Undefined where no nonces are asked for. */
  readonly nonces: Nonces | undefined
}

/** Everything a check is made with, as the options say, which must have been checked. */
export function compose(options: GuardOptions, { world, isProxy }: Surroundings): Composed {
  const issuers = createIssuers(options, world)
  const policy: ChallengePolicy = {
    senderConstraint: options.senderConstraint ?? 'dpop',
    algorithms: algorithmsOf(options.algorithms),
    resourceMetadata: metadataUrlOf(options.resource),
  }
  const nonces = policy.senderConstraint === 'mtls' ? undefined : noncesOf(options)
  const ports: CheckPorts = {
    now: () => world.now(),
    policy,
    baseUrls: baseUrlsOf(options),
    tokens: tokenSource(options, { issuers, world }),
    statusLists: statusLists(options, { issuers, world }),
    replay: options.replay ?? replayInMemory(() => world.now()),
    nonces: nonces && {
      accepts: (nonce) => nonces.accepts(nonce, world.now()),
      lifetime: nonces.lifetime,
    },
    certificateHeader: options.certificateHeader && {
      format: options.certificateHeader.format,
      isProxy,
    },
    clientKeys:
      options.clientKeys &&
      createClientKeys(
        options.clientKeys,
        { algorithms: policy.algorithms, onTrouble: troubleListener(options) },
        world,
      ),
  }
  return { ports, issuers, nonces }
}

function noncesOf({ nonces }: GuardOptions): Nonces | undefined {
  return nonces === undefined || nonces === 'off' ? undefined : createNonces(nonces)
}

interface Parts {
  readonly issuers: Trusted
  readonly world: World
}

function createIssuers(options: GuardOptions, world: World): Trusted {
  const algorithms = algorithmsOf(options.algorithms)
  const onTrouble = troubleListener(options)
  const [first, ...others] = issuersOf(options).map(({ issuer, ...rest }) =>
    createIssuer({ ...rest, identifier: issuer, algorithms, onTrouble }, world),
  )
  if (first === undefined) throw new TypeError('the options were not checked')
  return [first, ...others]
}

function tokenSource(options: GuardOptions, { issuers, world }: Parts): TokenSource {
  const { tokens = 'jwt', clockTolerance = 0, rememberedTokens: remembered = 4096 } = options
  const audience = options.audience ?? options.resource
  const now = (): number => world.now()
  const jwts = createJwtSource({ issuers, audience, clockTolerance, remembered, now })
  if (tokens === 'jwt' || options.introspection === undefined) return jwts
  const onTrouble = troubleListener(options)
  const isVerified = tokens === 'both'
  const asking = { options: options.introspection, audience, clockTolerance, remembered }
  const introspection = createIntrospection({ ...asking, isVerified, onTrouble }, world)
  if (tokens === 'introspection') {
    return { read: (token, digest) => introspection.ask(token, digest, issuers[0]) }
  }
  return {
    read: async (token, digest) => {
      const claims = await jwts.read(token, digest)
      await introspection.ask(token, digest, issuerOf(token, issuers))
      return claims
    },
  }
}

function statusLists(options: GuardOptions, { issuers, world }: Parts): CheckPorts['statusLists'] {
  const { statusList = 'honoured' } = options
  if (statusList === 'off') return undefined
  return createStatusLists(
    {
      issuers,
      required: statusList === 'required',
      seconds: options.statusListSeconds ?? 3,
      graceSeconds: options.statusListGraceSeconds ?? 60,
      onTrouble: troubleListener(options),
    },
    world,
  )
}

/** Without a slash at the end, because a path is appended that begins with one. */
function baseUrlsOf(options: GuardOptions): readonly [string, ...string[]] {
  const { baseUrl = new URL(options.resource).origin, otherBaseUrls = [] } = options
  return [trimmed(baseUrl), ...otherBaseUrls.map(trimmed)]
}

function trimmed(url: string): string {
  return url.replace(/\/$/, '')
}

function troubleListener({ onTrouble }: GuardOptions): (trouble: Trouble) => void {
  return (trouble) => tell(() => onTrouble?.(trouble))
}
