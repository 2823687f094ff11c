import { once } from 'node:events'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'
import type { Setup, Target } from '../contract.ts'
import { serveParent } from '../parent.ts'
import { MapAdapter } from './map-adapter.ts'

/**
 * The peer: oidc-provider in its FAPI 2.0 profile, configured for speed wherever that leaves its
 * answers alone: Map adapter, ES256 keys, opaque access tokens (its default; one signature fewer
 * than a server that issues JWTs), no pages, no listeners.
 */
serveParent(async ({ setup }) => ({ reply: 'ready', target: await serve(setup) }))

const SUBJECT = 'alice'
const SECONDS = 3600

async function serve(setup: Setup): Promise<Target> {
  const server = createServer({ keepAliveTimeout: 120_000 })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const issuer = `http://127.0.0.1:${address.port}`

  const provider = new Provider(issuer, configuration(setup))
  server.on('request', provider.callback())
  return {
    origin: issuer,
    issuer,
    endpoints: {
      par: `${issuer}/request`,
      authorize: `${issuer}/auth`,
      token: `${issuer}/token`,
      userinfo: `${issuer}/me`,
    },
    cookie: await logIn(provider, setup),
    subject: SUBJECT,
  }
}

/** Puts what a login and a consent leave behind into the store; the browser's cookie. */
async function logIn(provider: Provider, { clientId, scope }: Setup): Promise<string> {
  const grant = new provider.Grant({ accountId: SUBJECT, clientId })
  grant.addOIDCScope(scope)
  const grantId = await grant.save()

  const session = new provider.Session()
  session.loginAccount({ accountId: SUBJECT })
  session.ensureClientContainer(clientId)
  session.grantIdFor(clientId, grantId)
  await session.save(SECONDS)
  return `${provider.cookieName('session')}=${session.jti}`
}

function configuration({ clientId, redirectUri, scope, jwk }: Setup): object {
  return {
    adapter: MapAdapter,
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      dPoP: { enabled: true },
      fapi: { enabled: true, profile: '2.0' },
      pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
    },
    clientAuthMethods: ['private_key_jwt'],
    clients: [
      {
        client_id: clientId,
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'client_credentials'],
        scope,
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'ES256',
        id_token_signed_response_alg: 'ES256',
        dpop_bound_access_tokens: true,
        jwks: { keys: [jwk] },
      },
    ],
    claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
    findAccount: (_: unknown, accountId: string) => ({
      accountId,
      claims: () => ({
        sub: accountId,
        name: 'Alice Example',
        email: 'alice@example.com',
        email_verified: true,
      }),
    }),
    jwks: { keys: [signingKey()] },
    ttl: {
      AccessToken: 300,
      AuthorizationCode: 60,
      Grant: SECONDS,
      IdToken: 300,
      Interaction: SECONDS,
      Session: SECONDS,
    },
  }
}

function signingKey(): object {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), alg: 'ES256', use: 'sig' }
}
