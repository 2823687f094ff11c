import type { Misconfiguration } from './misconfigured.ts'
import type {
  BffOptions,
  ClientAuthentication,
  Profile,
  RequestObjectEncryption,
  SenderConstraint,
} from './options.ts'

/** The options about how this client speaks to the authorization server, with their defaults. */
export interface ClientSettings {
  readonly authentication: ClientAuthentication
  readonly senderConstraint: SenderConstraint
  /** Whether it calls the endpoints that ask for certificates, and shows its own if it has one. */
  readonly usesMutualTls: boolean
  readonly requestObject: boolean
  readonly signedResponse: boolean
  readonly requestObjectEncryption: RequestObjectEncryption | undefined
}

type Signed = Pick<ClientSettings, 'requestObject' | 'signedResponse'>

/** What each profile asks for, at least. @see FAPI 2.0 Message Signing §5.3.2, §5.4.2 */
const PROFILES: Readonly<Record<Profile, Signed>> = {
  'fapi2-security': { requestObject: false, signedResponse: false },
  'fapi2-message-signing': { requestObject: true, signedResponse: true },
}

export function clientSettings(options: BffOptions): ClientSettings {
  const { client, profile = 'fapi2-security' } = options
  const { authentication = 'private_key_jwt', senderConstraint = 'dpop' } = client
  const { requestObject, signedResponse } = PROFILES[profile]
  return {
    requestObject: options.requestObject ?? requestObject,
    signedResponse: options.signedResponse ?? signedResponse,
    requestObjectEncryption: options.requestObjectEncryption,
    authentication,
    senderConstraint,
    usesMutualTls:
      authentication !== 'private_key_jwt' ||
      senderConstraint === 'mtls' ||
      client.useMtlsEndpointAliases === true,
  }
}

/** What one option needs of another. */
interface Need {
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly isMet: (settings: ClientSettings, options: BffOptions) => boolean
}

const NEEDS: readonly Need[] = [
  {
    path: ['client', 'keys'],
    message: 'required to authenticate by private_key_jwt',
    isMet: ({ authentication }, { client }) =>
      authentication !== 'private_key_jwt' || client.keys !== undefined,
  },
  {
    path: ['client', 'tls'],
    message: 'required to authenticate by certificate',
    isMet: ({ authentication }, { client }) =>
      authentication === 'private_key_jwt' || client.tls !== undefined,
  },
  {
    path: ['client', 'tls'],
    message: 'required to bind access tokens to the certificate',
    isMet: ({ senderConstraint }, { client }) =>
      senderConstraint === 'dpop' || client.tls !== undefined,
  },
  {
    path: ['client', 'tls'],
    message: 'would be shown to nobody: neither authentication nor access tokens need it',
    isMet: ({ usesMutualTls }, { client }) => usesMutualTls || client.tls === undefined,
  },
  {
    path: ['client', 'keys'],
    message: 'required to sign requests',
    isMet: ({ requestObject }, { client }) => !requestObject || client.keys !== undefined,
  },
  {
    path: ['requestObjectEncryption'],
    message: 'encrypts signed requests only: turn them on',
    isMet: ({ requestObject, requestObjectEncryption }) =>
      requestObject || requestObjectEncryption === undefined,
  },
  ...(['requestObject', 'signedResponse'] as const).map((name): Need => ({
    path: [name],
    message: 'cannot be off in this profile',
    isMet: (settings, { profile = 'fapi2-security' }) => settings[name] || !PROFILES[profile][name],
  })),
]

/** What is right alone and wrong together with something else. */
export function clientProblems(options: BffOptions): readonly Misconfiguration[] {
  const settings = clientSettings(options)
  return NEEDS.filter(({ isMet }) => !isMet(settings, options)).map(({ path, message }) => ({
    path,
    message,
  }))
}

/** What routes that sign need of the client. */
export function signingProblems({
  client: { keys = [] },
  frontends,
}: BffOptions): readonly Misconfiguration[] {
  const signs = frontends.some(({ routes = [] }) =>
    routes.some(({ signedRequest }) => signedRequest === true),
  )
  if (!signs) return []
  const [key] = keys
  if (key === undefined) {
    return [{ path: ['client', 'keys'], message: 'required to sign the calls of a route' }]
  }
  const kid = 'kid' in key ? key.kid : undefined
  return kid === undefined || (typeof kid === 'string' && KEYID.test(kid))
    ? []
    : [
        {
          path: ['client', 'keys', 0],
          message: 'its kid must be ASCII to sign the calls of a route',
        },
      ]
}

/** What a signature can name. @see RFC 9651 §3.3.3 */
const KEYID = /^[\x20-\x7e]+$/
