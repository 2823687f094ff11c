import type { Seconds } from '@signet/protocol'
import * as client from 'openid-client'
import type { Clock } from '../config/options.ts'
import type { ClientKey } from './client-key.ts'
import { AuthorityFailure, failureOf } from './failure.ts'
import type { Nonces } from './nonces.ts'
import type { Outgoing } from './outgoing.ts'

/** The authorization server as its metadata describes it, ready to be asked. */
export interface KnownAuthority {
  readonly metadata: client.ServerMetadata
  /** Checks signatures of ID tokens, and takes signed responses if so configured. */
  readonly login: client.Configuration
  /** For refreshes, client tokens and revocations. */
  readonly tokens: client.Configuration
}

export interface Authority {
  readonly issuer: string
  /** @throws AuthorityFailure */
  known(): Promise<KnownAuthority>
  /** What is known now, without asking anybody. */
  current(): KnownAuthority | undefined
}

export interface AuthorityOptions {
  readonly issuer: string
  readonly clientId: string
  readonly key: ClientKey
  readonly signedResponse: boolean
  readonly timeout: Seconds
  readonly clock: Clock
  readonly outgoing: Outgoing
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
  checkMetadata(metadata, issuer)
  const login = configure(metadata, options)
  client.enableNonRepudiationChecks(login)
  if (options.signedResponse) client.useJwtResponseMode(login)
  return { metadata, login, tokens: configure(metadata, options) }
}

/** @see FAPI 2.0 Security Profile §5.3.3.1-11, where the issuers are compared character by character */
function checkMetadata(metadata: client.ServerMetadata, issuer: string): void {
  if (metadata.issuer !== issuer) {
    throw new AuthorityFailure('invalid', 'discovery: the metadata is that of another issuer')
  }
  for (const name of [
    'authorization_endpoint',
    'token_endpoint',
    'pushed_authorization_request_endpoint',
    'jwks_uri',
  ] as const) {
    if (URL.parse(metadata[name] ?? '')?.protocol !== 'https:') {
      throw new AuthorityFailure('invalid', `discovery: ${name} is no https URL`)
    }
  }
}

function configure(
  metadata: client.ServerMetadata,
  { clientId, key, timeout, outgoing, nonces }: AuthorityOptions,
): client.Configuration {
  const authentication = client.PrivateKeyJwt(
    key.kid === undefined ? key.key : { key: key.key, kid: key.kid },
    {
      [client.modifyAssertion]: (header) => {
        // Ed25519 has two names, and a server may know only the one that was registered.
        header['alg'] = key.alg
      },
    },
  )
  const configuration = new client.Configuration(metadata, clientId, undefined, authentication)
  configuration.timeout = timeout
  configuration[client.customFetch] = async (url, request) => {
    const response = await outgoing.fetch(url, request)
    nonces.learn(url, response.headers.get('dpop-nonce'))
    return response
  }
  return configuration
}
