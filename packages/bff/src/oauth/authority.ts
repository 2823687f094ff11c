import type { Seconds } from '@signet/protocol'
import * as client from 'openid-client'
import type { Clock } from '../config/options.ts'
import type { Decryption } from './decryption.ts'
import { failureOf, type AuthorityFailure } from './failure.ts'
import { certifiedUrls, checkMetadata, type Expected } from './metadata.ts'
import type { Nonces } from './nonces.ts'
import type { Outgoing } from './outgoing.ts'

/** The authorization server as its metadata describes it, ready to be asked. */
export interface KnownAuthority {
  readonly metadata: client.ServerMetadata
  /** For `openid-client`. Checks the signatures of ID tokens. */
  readonly configuration: client.Configuration
  /** For refreshes, whose ID tokens we verify ourselves: a key that is new is then asked for at once, and costs no tokens. */
  readonly refreshing: client.Configuration
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
  readonly decryption: Decryption
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
  let known: { readonly authority: KnownAuthority; readonly until: Seconds } | undefined
  let failed: { readonly failure: AuthorityFailure; readonly until: Seconds } | undefined
  let underWay: Promise<KnownAuthority> | undefined

  const ask = async (): Promise<KnownAuthority> => {
    try {
      const authority = await discover(options)
      known = { authority, until: clock.now() + FRESH }
      failed = undefined
      return authority
    } catch (error) {
      const failure = failureOf(error, 'discovery')
      failed = { failure, until: clock.now() + PAUSE }
      if (known === undefined) throw failure
      return known.authority
    } finally {
      underWay = undefined
    }
  }
  return {
    issuer,
    current: () => known?.authority,
    known: async () => {
      const now = clock.now()
      if (known !== undefined && known.until > now) return known.authority
      if (failed !== undefined && failed.until > now) {
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
  const configuration = configure(metadata, options)
  client.enableNonRepudiationChecks(configuration)
  return { metadata, configuration, refreshing: configure(metadata, options) }
}

function configure(
  metadata: client.ServerMetadata,
  options: AuthorityOptions,
): client.Configuration {
  const { clientId, authentication, usesMutualTls, timeout, outgoing, nonces } = options
  const registered = { use_mtls_endpoint_aliases: usesMutualTls }
  const configuration = new client.Configuration(metadata, clientId, registered, authentication)
  configuration.timeout = timeout
  const certified = certifiedUrls(metadata, usesMutualTls)
  configuration[client.customFetch] = async (url, request) => {
    const send = certified.has(url) ? outgoing.certifiedFetch : outgoing.fetch
    const response = await send(url, request)
    nonces.learn(url, response.headers.get('dpop-nonce'))
    return options.decryption.openAnswer(response)
  }
  return configuration
}
