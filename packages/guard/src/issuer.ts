import {
  isObject,
  Refused,
  refusal,
  type Algorithm,
  type JsonObject,
  type JwtHeader,
  type VerificationKey,
} from '@signet/protocol'
import { parsedJson } from './parsed-json.ts'
import { createFetched, PAUSE, PAUSE_AT_START, type Fetched } from './fetched.ts'
import { createKeySet, type KeySource } from './key-set.ts'
import type { TokenFormat } from './plain-token.ts'
import { textClaim } from './token-claims.ts'
import type { World } from './world.ts'

/** Something went wrong that no client can help: another server does not answer as it should. */
export interface Trouble {
  /** Whose document it is about: an issuer, or a client by its id. */
  readonly issuer: string
  readonly what: 'metadata' | 'keys' | 'client_keys' | 'status_list' | 'introspection'
  readonly message: string
}

export interface IssuerSettings {
  readonly identifier: string
  /** Keys that were configured; without them, those of the metadata are fetched. */
  readonly jwks?: JsonObject | undefined
  readonly tokenFormat?: TokenFormat | undefined
  readonly algorithms: readonly Algorithm[]
  readonly onTrouble: (trouble: Trouble) => void
}

/** An authorization server whose tokens are trusted. */
export interface Issuer {
  readonly identifier: string
  readonly tokenFormat: TokenFormat
  /** The keys, at once if they are known; old ones are fetched anew in the background. */
  keys(): readonly VerificationKey[] | undefined
  /**
   * The keys, whatever it takes.
   *
   * @throws Refused with `temporarily_unavailable` when none were ever read.
   */
  load(): Promise<readonly VerificationKey[]>
  /** The keys after a fetch because of a header that none of them fits, at most once per 10 s. */
  keysFor(header: JwtHeader): Promise<readonly VerificationKey[]>
  /**
   * An https URL of the metadata: for who comes with a certificate that of the alias that asks for one, where there is an alias.
   *
   * @throws Refused with `temporarily_unavailable`.
   * @see RFC 8705 §5
   */
  endpoint(name: 'introspection_endpoint', withCertificate: boolean): Promise<string>
}

const METADATA_SECONDS = 3600

export function createIssuer(settings: IssuerSettings, world: World): Issuer {
  const { identifier } = settings
  const metadata = fetchedMetadata(settings, world)
  const keys = createKeySet(keySource(settings, metadata, world), world)
  const load = async (): Promise<readonly VerificationKey[]> =>
    (await keys.load()) ?? noKeys(identifier, keys.failure)
  return {
    identifier,
    tokenFormat: settings.tokenFormat ?? 'rfc9068',
    keys: () => keys.current(),
    load,
    keysFor: async ({ kid }) => (await keys.loadFor(kid)) ?? noKeys(identifier, keys.failure),
    endpoint: async (name, withCertificate) => {
      if (isOld(metadata, world)) await metadata.refresh()
      const url = metadata.value && textClaim(endpointsOf(metadata.value, withCertificate), name)
      return url?.startsWith('https://') ? url : noEndpoint(identifier, name, metadata.failure)
    },
  }
}

function keySource(
  { identifier, jwks, algorithms, onTrouble }: IssuerSettings,
  metadata: Fetched<JsonObject>,
  world: World,
): KeySource {
  const url = async (): Promise<string> => {
    if (isOld(metadata, world)) await metadata.refresh()
    const found = metadata.value && textClaim(metadata.value, 'jwks_uri')
    if (found === undefined) throw new Error(metadata.failure ?? 'the metadata has no jwks_uri')
    return found
  }
  const onFailure = (message: string): void =>
    onTrouble({ issuer: identifier, what: 'keys', message })
  return { jwks, url, algorithms, onFailure }
}

function isOld(metadata: Fetched<JsonObject>, world: World): boolean {
  return metadata.value === undefined || world.now() - metadata.since > METADATA_SECONDS
}

function endpointsOf(metadata: JsonObject, withCertificate: boolean): JsonObject {
  const { mtls_endpoint_aliases: aliases } = metadata
  return withCertificate && isObject(aliases) ? { ...metadata, ...aliases } : metadata
}

function fetchedMetadata(
  { identifier, onTrouble }: IssuerSettings,
  world: World,
): Fetched<JsonObject> {
  const load = async (): Promise<JsonObject> => {
    const problems: string[] = []
    for (const url of metadataUrls(identifier)) {
      const { status, body } = await world.http({ url, accept: 'application/json' })
      const document = status === 200 ? parsedJson(body) : undefined
      if (document?.['issuer'] === identifier) return document
      problems.push(`${url}: ${complaint(status, document)}`)
    }
    throw new Error(problems.join('; '))
  }
  const onFailure = (message: string): void =>
    onTrouble({ issuer: identifier, what: 'metadata', message })
  return createFetched(load, {
    now: () => world.now(),
    pause: PAUSE,
    pauseAtStart: PAUSE_AT_START,
    onFailure,
  })
}

function complaint(status: number, document: JsonObject | undefined): string {
  if (status !== 200) return `status ${status}`
  return document === undefined ? 'no JSON object' : 'metadata of another issuer'
}

/** @see RFC 8414 §3.1, OpenID Connect Discovery §4 */
function metadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  return [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ]
}

function noKeys(issuer: string, failure: string | undefined): never {
  throw new Refused(refusal('temporarily_unavailable', 'access tokens cannot be verified now'), {
    id: 'SP-RS-03',
    reason: 'issuer_keys_unavailable',
    expected: `the metadata and keys of ${issuer}`,
    received: failure ?? 'no answer',
    remedy:
      'See that this API reaches the issuer over https, and trusts its certificate (option ca).',
  })
}

function noEndpoint(issuer: string, name: string, failure: string | undefined): never {
  throw new Refused(refusal('temporarily_unavailable', 'access tokens cannot be verified now'), {
    id: 'SP-RS-03',
    reason: 'issuer_endpoint_unavailable',
    expected: `an https URL as ${name} in the metadata of ${issuer}`,
    received: failure ?? 'metadata without it',
    remedy: 'See that this API reaches the issuer, and that the issuer offers introspection.',
  })
}
