import { endpointsOf, TERMS, type Service } from '@signet/engine'
import { hashPassword, startServer, type Config } from '@signet/server'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '../connection.ts'
import type { Setup, Target } from '../contract.ts'
import { createCredentials } from '../credentials.ts'
import { serveParent } from '../parent.ts'
import { logIn } from './log-in.ts'

/**
 * Signet as it is delivered, log and metrics included, with its state in memory or in a SQLite file. It issues access
 * tokens that are JWTs, its default, and so signs twice per flow.
 */
serveParent(async ({ setup }) => ({ reply: 'ready', target: await serve(setup) }))

const ISSUER = 'https://signet.example'
const ALICE = { username: 'alice', password: 'wonderland' }

async function serve(setup: Setup): Promise<Target> {
  const credentials = createCredentials()
  const jwks = { keys: [setup.jwk, credentials.setup.jwk] }
  const { url } = await startServer(await configuration(setup, jwks))
  const { pushedAuthorizationRequest: par, authorization: authorize, ...others } = service.endpoints
  const endpoints = { par, authorize, token: others.token, userinfo: others.userinfo }
  const server = { origin: url, issuer: ISSUER, endpoints }

  const connection = connect(url, 1)
  try {
    return await logIn(server, ALICE, { credentials, connection })
  } finally {
    connection.close()
  }
}

const service: Service = {
  issuer: ISSUER,
  name: 'Signet',
  endpoints: endpointsOf(ISSUER),
  lifetimes: {
    pushedRequest: 90,
    interaction: 600,
    code: 60,
    accessToken: 300,
    refreshToken: 2_592_000,
    idToken: 300,
    session: 3600,
  },
  dpop: { nonce: 'off' },
  statusList: { enabled: true, ttl: 5 },
  scopes: {},
  resources: [],
  defaultResource: ISSUER,
  signingAlgorithms: ['ES256'],
  ...TERMS['fapi2-security'],
  requestObjectEncryption: [],
}

async function configuration(
  { mode, clientId, redirectUri, scope }: Setup,
  jwks: object,
): Promise<Config> {
  return {
    listen: { host: '127.0.0.1', port: 0 },
    proxies: { trusted: [] },
    store: mode === 'memory' ? { memory: true } : { sqlite: join(temporaryFolder(), 'signet.db') },
    log: { level: 'info' },
    outgoing: { allowPrivateHosts: [], trustedCas: [] },
    keys: { announce: 600, retire: 86_400 },
    masterKeys: [randomBytes(32)],
    audit: { retention: 86_400, unauthenticated: 100_000 },
    drain: 1,
    services: [
      {
        service,
        clients: [
          {
            client_id: clientId,
            redirect_uris: [redirectUri],
            scope,
            token_endpoint_auth_method: 'private_key_jwt',
            token_endpoint_auth_signing_alg: 'ES256',
            id_token_signed_response_alg: 'ES256',
            dpop_bound_access_tokens: true,
            grant_types: ['authorization_code', 'client_credentials'],
            jwks,
          },
        ],
        users: [
          {
            username: ALICE.username,
            password_hash: await hashPassword(ALICE.password),
            claims: { name: 'Alice Example', email: 'alice@example.com', email_verified: true },
          },
        ],
      },
    ],
  }
}

/** Gone with the process. */
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'signet-bench-'))
  process.on('exit', () => rmSync(folder, { recursive: true }))
  return folder
}
