import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AUTHORITY, CREDENTIAL } from './authority.ts'
import { CLIENT_AUTHORITY } from './client-certificates.ts'
import { freePorts } from './free-ports.ts'

/** A folder with everything a server needs: certificates, a configuration, a place for its data. */
export interface Site {
  readonly folder: string
  readonly configFile: string
  readonly database: string
  readonly origin: string
  readonly port: number
  readonly managementPort: number
  /** Where clients come with certificates, if the configuration lets them. */
  readonly mtlsOrigin: string
  /** Writes another configuration file for the same data, for a second process. */
  alsoAt(ports: Ports): string
  remove(): void
}

export interface Ports {
  readonly port: number
  readonly managementPort: number
  /** Absent: whichever is free. */
  readonly mtlsPort?: number
}

/**
 * What a configuration file says beside where it listens; given the origin, because the issuer names it, and `mtls`, for who
 * takes client certificates.
 */
export type Configure = (origin: string, mtls: object) => object

export const USER = 'alice'
export const PASSWORD = 'wonderland'

/** Seals the keys of every server of the tests. */
export const MASTER_KEY: string = Buffer.alloc(32, 5).toString('base64url')

/** Argon2id of `PASSWORD`, made by `signet user hash`. */
const PASSWORD_HASH =
  '$argon2id$v=19$m=65536,t=3,p=1$SHXwVY4xYSryMjcddaPE6A$NNlhxrWJzyfPPCL10atseuMirJ8wD38TRysitn+WVb4'

export const USERS: readonly object[] = [
  {
    username: USER,
    password_hash: PASSWORD_HASH,
    claims: { name: 'Alice Example', email: 'alice@example.com', email_verified: true },
  },
  { username: 'bob', password_hash: PASSWORD_HASH, claims: { name: 'Bob Example' } },
]

export const SCOPES: object = {
  accounts: { description: { en: 'See your accounts', de: 'Ihre Konten sehen' } },
  payments: { description: { en: 'Make payments for you', de: 'Zahlungen für Sie ausführen' } },
}

/** One service for these clients, with the users and scopes of all tests, and whatever else its configuration is to say. */
export function serviceFor(clients: readonly object[], more: object = {}): Configure {
  return (issuer) => ({ issuer, clients, scopes: SCOPES, users: USERS, ...more })
}

/** Makes a site. The configuration may override every part of the default one. */
export async function createSite(configure: Configure): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'signet-e2e-'))
  const [port = 0, managementPort = 0, mtlsPort = 0] = await freePorts(3)
  const origin = `https://localhost:${port}`
  const mtlsOrigin = `https://localhost:${mtlsPort}`
  writeFileSync(join(folder, 'ca.pem'), AUTHORITY)
  writeFileSync(join(folder, 'client-ca.pem'), CLIENT_AUTHORITY)
  writeFileSync(join(folder, 'server.pem'), CREDENTIAL.certificate)
  writeFileSync(join(folder, 'master.key'), MASTER_KEY, { mode: 0o600 })
  writeFileSync(join(folder, 'server-key.pem'), CREDENTIAL.key, { mode: 0o600 })
  const write = (name: string, ports: Ports): string => {
    const file = join(folder, name)
    const mtls = {
      origin: mtlsOrigin,
      listen: { ...LISTEN, port: ports.mtlsPort ?? 0 },
      trusted_cas: ['client-ca.pem'],
    }
    const config = { ...base(ports), ...configure(origin, mtls) }
    writeFileSync(file, JSON.stringify(config, undefined, 2), { mode: 0o600 })
    return file
  }
  return {
    folder,
    configFile: write('signet.json', { port, managementPort, mtlsPort }),
    database: join(folder, 'signet.db'),
    origin,
    port,
    managementPort,
    mtlsOrigin,
    alsoAt: (ports) => write(`signet-${ports.port}.json`, ports),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

const LISTEN = {
  host: '127.0.0.1',
  tls: { certificate: 'server.pem', key: 'server-key.pem' },
}

function base({ port, managementPort }: Ports): object {
  return {
    listen: { ...LISTEN, port },
    management: { host: '127.0.0.1', port: managementPort },
    store: { sqlite: './signet.db' },
    master_key: 'master.key',
    log: { level: 'info' },
  }
}
