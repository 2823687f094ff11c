import { exportPrivateJwk, generateSigningKey } from '@signet/protocol'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from './free-ports.ts'
import { serve, startCommand, type RunningCommand, type ServerProcess } from './server-process.ts'
import { SCOPES, USERS } from './site.ts'

/** An authorization server, and before it a BFF, both started from the command line. */
export interface BffSite {
  readonly server: ServerProcess
  readonly bff: RunningCommand
  readonly issuer: string
  readonly app: string
  readonly management: string
  readonly configFile: string
  /** Writes the configuration of the BFF anew, changed. */
  configure(change: object): void
  /** Puts a file where the configuration can name it. */
  write(name: string, content: string | Uint8Array): void
  close(): Promise<void>
}

const CLIENT_ID = 'spa'
const UP = 'Signet BFF serves'

/** What there is besides the usual: at the authorization server, and of the BFF. */
export interface Besides {
  /** Settings of the authorization server; given `mtls`, for who takes client certificates. */
  readonly settings: (mtls: object) => object
  /** What each client has that the usual one has not. */
  readonly clients: readonly object[]
  /** What the command of the BFF says besides. */
  readonly options?: readonly string[]
}

/** Nothing besides the usual. */
export const NOTHING: Besides = { settings: () => ({}), clients: [] }

/** @param api the origin of the API that `/api/` leads to */
export async function serveBffSite(api: string, besides: Besides = NOTHING): Promise<BffSite> {
  const [port = 0, managementPort = 0] = await freePorts(2)
  const app = `https://localhost:${port}`
  const key = generateSigningKey('ES256')
  const usualClient = clientOf(app, key.publicJwk)
  const server = await serve((issuer, mtls) => ({
    issuer,
    clients: [usualClient, ...besides.clients.map((each) => ({ ...usualClient, ...each }))],
    scopes: SCOPES,
    resources: [{ resource: api, scopes: ['accounts'] }],
    users: USERS,
    outgoing: { allow_private_hosts: ['localhost'], trusted_cas: ['ca.pem'] },
    ...besides.settings(mtls),
  }))
  const { folder, origin: issuer } = server.site
  const write: BffSite['write'] = (name, content) =>
    writeFileSync(join(folder, name), content, { mode: 0o600 })
  const configFile = join(folder, 'bff.json')
  const usual = usualConfig({ issuer, app, api, port, managementPort })
  const configure = (change: object): void =>
    write('bff.json', JSON.stringify({ ...usual, ...change }))
  write('client.jwk', JSON.stringify(exportPrivateJwk(key)))
  write('session.key', Buffer.alloc(32, 7))
  configure({})
  const bff = await startCommand(['bff', '--config', configFile, ...(besides.options ?? [])], UP)
  return {
    server,
    bff,
    issuer,
    app,
    management: `http://127.0.0.1:${managementPort}`,
    configFile,
    configure,
    write,
    close: async () => {
      await Promise.all([bff.stop(), server.stop()])
      server.site.remove()
    },
  }
}

function clientOf(app: string, publicJwk: object): object {
  return {
    client_id: CLIENT_ID,
    redirect_uris: [`${app}/bff/callback`],
    post_logout_redirect_uris: [`${app}/`],
    backchannel_logout_uri: `${app}/bff/backchannel`,
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [publicJwk] },
    grant_types: ['authorization_code', 'refresh_token'],
    scope: 'openid profile accounts offline_access',
  }
}

interface Places {
  readonly issuer: string
  readonly app: string
  readonly api: string
  readonly port: number
  readonly managementPort: number
}

function usualConfig({ issuer, app, api, port, managementPort }: Places): object {
  return {
    issuer,
    client: { client_id: CLIENT_ID, key_files: ['client.jwk'] },
    listen: {
      host: '127.0.0.1',
      port,
      tls: { certificate: 'server.pem', key: 'server-key.pem' },
    },
    management: { host: '127.0.0.1', port: managementPort },
    store: { sqlite: './bff.db' },
    sessions: { key_files: ['session.key'] },
    trusted_cas: ['ca.pem'],
    log: { level: 'debug' },
    userinfo: true,
    frontends: [
      {
        name: 'spa',
        public_origin: app,
        scopes: ['openid', 'profile', 'accounts', 'offline_access'],
        routes: [{ match: '/api/', target: `${api}/v1/`, token: 'user' }],
      },
    ],
  }
}
