import { exportPrivateJwk, generateSigningKey, type SigningKey } from '@signet/protocol'
import { createLocalCertificates } from '@signet/server/dev/certificate-authority'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:https'
import { Provider } from 'oidc-provider'
import { portOf } from './free-ports.ts'

/** A resource whose access tokens are JWTs of RFC 9068, signed with ES256. */
export const JWT_RESOURCE = 'https://api.example'
/** A resource whose access tokens say nothing to anybody but their issuer. */
export const OPAQUE_RESOURCE = 'https://opaque.example'
export const REDIRECT_URI = 'https://client.example/callback'
export const SUBJECT = 'alice'

/** A JWT before it is signed; what is changed in it is signed all the same. */
export interface UnsignedToken {
  header?: object
  payload: Record<string, unknown>
}

export interface ForeignIssuer {
  readonly issuer: string
  /** PEM: its own authority, which nobody else trusts. */
  readonly authority: string
  /** `private_key_jwt` keys: of the client, and of the API that introspects. */
  readonly clientKey: SigningKey
  readonly apiKey: SigningKey
  /** What it signs access tokens with: for tokens that it would not issue. */
  readonly signingKey: SigningKey
  /** The cookie of a browser where `SUBJECT` has logged in and agreed to everything. */
  readonly cookie: string
  /** Has the next access token changed before it is signed. */
  spoil: ((token: UnsignedToken) => void) | undefined
  close(): Promise<void>
}

/** oidc-provider in its FAPI 2.0 profile, over https, with nonces required everywhere. */
export async function serveForeignIssuer(): Promise<ForeignIssuer> {
  const { authority, server: credential } = await createLocalCertificates(['localhost'], Date.now())
  const server = createServer({ cert: credential.certificate, key: credential.key })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const issuer = `https://localhost:${portOf(server)}`
  const keys = {
    clientKey: generateSigningKey('ES256'),
    apiKey: generateSigningKey('PS256'),
    signingKey: generateSigningKey('ES256'),
  }
  const foreign: Omit<ForeignIssuer, 'cookie'> = {
    issuer,
    authority,
    ...keys,
    spoil: undefined,
    close: async () => {
      const gone = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await gone
    },
  }
  const provider = new Provider(issuer, configuration(foreign))
  server.on('request', provider.callback())
  return Object.assign(foreign, { cookie: await logIn(provider) })
}

/** Puts what a login and a consent leave behind into the store. */
async function logIn(provider: Provider): Promise<string> {
  const grant = new provider.Grant({ accountId: SUBJECT, clientId: 'app' })
  grant.addOIDCScope('openid accounts payments')
  for (const resource of [JWT_RESOURCE, OPAQUE_RESOURCE]) {
    grant.addResourceScope(resource, 'accounts payments')
  }
  const session = new provider.Session()
  session.loginAccount({ accountId: SUBJECT })
  session.ensureClientContainer('app')
  session.grantIdFor('app', await grant.save())
  await session.save(3600)
  return `${provider.cookieName('session')}=${session.jti}`
}

function configuration(foreign: Omit<ForeignIssuer, 'cookie'>): object {
  const { clientKey, apiKey, signingKey } = foreign
  const client = (id: string, key: SigningKey, more: object): object => ({
    client_id: id,
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: key.algorithm,
    id_token_signed_response_alg: 'ES256',
    dpop_bound_access_tokens: true,
    jwks: { keys: [key.publicJwk] },
    ...more,
  })
  return {
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
      fapi: { enabled: true, profile: '2.0' },
      pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_: unknown, resource: string) => ({
          audience: resource,
          scope: 'accounts payments',
          accessTokenTTL: 300,
          accessTokenFormat: resource === OPAQUE_RESOURCE ? 'opaque' : 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
        useGrantedResource: () => true,
      },
    },
    clientAuthMethods: ['private_key_jwt'],
    clients: [
      client('app', clientKey, {
        redirect_uris: [REDIRECT_URI],
        grant_types: ['authorization_code', 'client_credentials'],
        response_types: ['code'],
        scope: 'openid accounts payments',
      }),
      client('api', apiKey, { redirect_uris: [], grant_types: [], response_types: [] }),
    ],
    scopes: ['openid', 'accounts', 'payments'],
    findAccount: (_: unknown, accountId: string) => ({
      accountId,
      claims: () => ({ sub: accountId }),
    }),
    formats: {
      customizers: {
        jwt: (_: unknown, __: unknown, token: UnsignedToken) => {
          foreign.spoil?.(token)
          foreign.spoil = undefined
        },
      },
    },
    jwks: { keys: [exportPrivateJwk(signingKey)] },
    ttl: { AccessToken: 300, AuthorizationCode: 60, Grant: 3600, IdToken: 300, Session: 3600 },
  }
}
