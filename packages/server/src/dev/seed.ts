import { exportPrivateJwk, generateSigningKey } from '@signet/protocol'
import { randomBytes, X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { hashPassword } from '../login/password.ts'
import { createLocalCertificates } from './certificate-authority.ts'

/** What a demonstration needs to know; kept as `demo.json` beside the keys. */
export interface Demo {
  readonly issuer: string
  readonly ca: string
  readonly client_id: string
  readonly client_key: string
  /** The key under which the example app keeps its sessions. */
  readonly session_key: string
  readonly redirect_uri: string
  readonly resource: string
  /** Where the server tells how it is, and what it did. */
  readonly management: string
  readonly user: string
  readonly password: string
}

export interface Seeded {
  readonly configFile: string
  readonly demo: Demo
  /** What was made now, to tell; empty when everything was there. */
  readonly made: readonly string[]
}

const ISSUER = 'https://localhost:9443'
const APP = 'https://localhost:9446'
const REDIRECT_URI = `${APP}/bff/callback`
const RESOURCE = 'https://localhost:9445'
const MANAGEMENT = { host: '127.0.0.1', port: 9400 }
const PASSWORD = 'wonderland'

/** A certificate about to expire is made anew. */
const RENEW_BEFORE = 7 * 86_400_000

/**
 * Sets a folder up for `signet dev`: certificates of a local authority, keys of demo clients, a configuration with a
 * demo user. What is there already stays as it is.
 */
export async function seed(folder: string, now: number): Promise<Seeded> {
  mkdirSync(join(folder, 'clients'), { recursive: true, mode: 0o700 })
  const made: string[] = []
  const demo: Demo = {
    issuer: ISSUER,
    ca: join(folder, 'ca.pem'),
    client_id: 'app',
    client_key: join(folder, 'clients', 'app.jwk.json'),
    session_key: sessionKey(folder),
    redirect_uri: REDIRECT_URI,
    resource: RESOURCE,
    management: `http://${MANAGEMENT.host}:${MANAGEMENT.port}`,
    user: 'alice',
    password: PASSWORD,
  }
  if (!(await certificatesAreFresh(folder, now))) {
    await writeCertificates(folder, now)
    made.push(`a certificate authority for this machine: ${demo.ca}`)
  }
  const configFile = join(folder, 'signet.yaml')
  if (!existsSync(configFile)) {
    writeFileSync(configFile, stringify(await demoConfig(folder)), { mode: 0o600 })
    made.push(`a configuration to play with: ${configFile}`)
  }
  writeFileSync(join(folder, 'demo.json'), `${JSON.stringify(demo, undefined, 2)}\n`, {
    mode: 0o600,
  })
  return { configFile, demo, made }
}

async function certificatesAreFresh(folder: string, now: number): Promise<boolean> {
  const files = ['ca.pem', 'server.pem', 'server-key.pem'].map((name) => join(folder, name))
  if (!files.every((file) => existsSync(file))) return false
  const { validTo } = new X509Certificate(readFileSync(join(folder, 'server.pem')))
  return Date.parse(validTo) - now > RENEW_BEFORE
}

async function writeCertificates(folder: string, now: number): Promise<void> {
  const names = ['localhost', 'as.localhost', 'api.localhost', 'bank.localhost', '127.0.0.1', '::1']
  const { authority, server } = await createLocalCertificates(names, now)
  writeFileSync(join(folder, 'ca.pem'), authority)
  writeFileSync(join(folder, 'server.pem'), server.certificate)
  writeFileSync(join(folder, 'server-key.pem'), server.key, { mode: 0o600 })
}

/** The configuration of the demonstration, in the names of the file. */
async function demoConfig(folder: string): Promise<object> {
  return {
    issuer: ISSUER,
    name: 'Signet',
    listen: {
      host: '127.0.0.1',
      port: 9443,
      tls: { certificate: 'server.pem', key: 'server-key.pem' },
    },
    management: MANAGEMENT,
    store: { sqlite: './signet.db' },
    // The app that is told of logouts is on this machine, and serves with the certificate of this machine.
    outgoing: { allow_private_hosts: [new URL(APP).hostname], trusted_cas: ['ca.pem'] },
    clients: [
      {
        client_id: 'app',
        client_name: 'Meridian Bank',
        redirect_uris: [REDIRECT_URI],
        post_logout_redirect_uris: [`${APP}/`],
        backchannel_logout_uri: `${APP}/bff/backchannel`,
        backchannel_logout_session_required: true,
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [clientKey(folder, 'app')] },
        grant_types: ['authorization_code', 'refresh_token'],
        scope: 'openid profile email accounts payments offline_access',
        dpop_bound_access_tokens: true,
      },
      {
        client_id: 'bank-api',
        client_name: 'Meridian Bank API',
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [clientKey(folder, 'bank-api')] },
        grant_types: ['client_credentials'],
        scope: 'accounts',
        dpop_bound_access_tokens: true,
      },
    ],
    scopes: {
      accounts: { description: { en: 'See your accounts', de: 'Ihre Konten sehen' } },
      payments: { description: { en: 'Make payments for you', de: 'Zahlungen für Sie ausführen' } },
    },
    resources: [
      { resource: RESOURCE, scopes: ['accounts', 'payments'], introspection_clients: ['bank-api'] },
    ],
    users: [
      {
        username: 'alice',
        password_hash: await hashPassword(PASSWORD),
        claims: { name: 'Alice Example', email: 'alice@example.com', email_verified: true },
      },
    ],
  }
}

/** The file with the key under which the example app keeps its sessions; made when it is not there. */
function sessionKey(folder: string): string {
  const file = join(folder, 'session.key')
  if (!existsSync(file)) {
    writeFileSync(file, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 })
  }
  return file
}

/** The public key of a demo client; its private key is made when it is not there. */
function clientKey(folder: string, client: string): object {
  const file = join(folder, 'clients', `${client}.jwk.json`)
  if (!existsSync(file)) {
    const jwk = exportPrivateJwk(generateSigningKey('ES256'))
    writeFileSync(file, `${JSON.stringify(jwk, undefined, 2)}\n`, { mode: 0o600 })
  }
  const { d: _private, ...publicJwk } = JSON.parse(readFileSync(file, 'utf8'))
  return publicJwk
}
