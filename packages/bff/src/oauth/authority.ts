import type { Seconds } from '@signet/protocol'
import * as client from 'openid-client'
import type { Clock } from '../config/options.ts'
import { failureOf, type AuthorityFailure } from './failure.ts'
import { checkMetadata, type Expected } from './metadata.ts'
import type { Nonces } from './nonces.ts'
import type { Outgoing } from './outgoing.ts'

/** The authorization server as its metadata describes it, ready to be asked. */
export interface KnownAuthority {
  readonly metadata: client.ServerMetadata
  /** For `openid-client`. */
  readonly configuration: client.Configuration
}

export interface Authority {
  readonly issuer: string
  /** @throws AuthorityFailure */
  known(): Promise<KnownAuthority>
  /** What is known now, without asking anybody. */
  current(): KnownAuthority | undefined
}

export interface AuthorityOptions extends Expected {
  readonly clientId: string
  readonly authentication: client.ClientAuth
  readonly timeout: Seconds
  readonly clock: Clock
  readonly outgoing: Outgoing
  /** Makes of each answer what `openid-client` may believe. */
  readonly readAnswer: (answer: Response) => Promise<Response>
  readonly nonces: Nonces
}

/** Metadata is asked for again after so long; old metadata serves while the server is down. */
const FRESH: Seconds = 600
/** After a failure nobody asks for so long: a server that comes back is not met by a crowd. */
const PAUSE: Seconds = 1

/**
 * Finds the authorization server by discovery when it is first needed, so that a BFF starts without it.
 *
 * @see FAPI 2.0 Security Profile §5.3.3.1-9
 */
export function createAuthority(options: AuthorityOptions): Authority {
  const { issuer, clock } = options
  let known: { readonly authority: KnownAuthority; readonly since: Seconds } | undefined
  let failed: { readonly failure: AuthorityFailure; readonly since: Seconds } | undefined
  let underWay: Promise<KnownAuthority> | undefined

  const ask = async (): Promise<KnownAuthority> => {
    try {
      const authority = await discover(options)
      known = { authority, since: clock.now() }
      failed = undefined
      return authority
    } catch (error) {
      const failure = failureOf(error, 'discovery')
      failed = { failure, since: clock.now() }
      if (known === undefined) throw failure
      return known.authority
    } finally {
      underWay = undefined
    }
  }
  // A clock that was set back must not keep us from asking.
  const isWithin = (since: Seconds, longest: Seconds): boolean =>
    Math.abs(clock.now() - since) < longest

  return {
    issuer,
    current: () => known?.authority,
    known: async () => {
      if (known !== undefined && isWithin(known.since, FRESH)) return known.authority
      if (failed !== undefined && isWithin(failed.since, PAUSE)) {
        if (known === undefined) throw failed.failure
        return known.authority
      }
      return (underWay ??= ask())
    },
  }
}

async function discover(options: AuthorityOptions): Promise<KnownAuthority> {
  const { issuer, clientId, timeout, outgoing } = options
  const found = await client.discovery(new URL(issuer), clientId, undefined, client.None(), {
    timeout,
    [client.customFetch]: outgoing.fetch,
  })
  const metadata = { ...found.serverMetadata() }
  checkMetadata(metadata, options)
  return { metadata, configuration: configure(metadata, options) }
}

function configure(
  metadata: client.ServerMetadata,
  options: AuthorityOptions,
): client.Configuration {
  const { clientId, authentication, usesMutualTls, timeout, outgoing, nonces } = options
  const registered = { use_mtls_endpoint_aliases: usesMutualTls }
  const configuration = new client.Configuration(metadata, clientId, registered, authentication)
  configuration.timeout = timeout
  // Whatever is asked this way is asked as the client: metadata and keys are for everybody, and are fetched by ourselves.
  configuration[client.customFetch] = async (url, request) => {
    const response = await outgoing.certifiedFetch(url, request)
    nonces.learn(url, response.headers.get('dpop-nonce'))
    return options.readAnswer(response)
  }
  return configuration
}
