import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { readDocument } from '../config/files.ts'
import { ensureClientCertificate, ensureServerCertificate, SERVER_FILES } from './certificates.ts'
import {
  FLOW_CLIENTS,
  flowClient,
  keyFile,
  MTLS_CERTIFICATE,
  type FlowClient,
  type FlowClientName,
} from './demo-clients.ts'
import {
  demoConfig,
  ISSUER,
  MANAGEMENT,
  MASTER_KEY,
  REDIRECT_URI,
  RESOURCE,
  USER,
} from './demo-config.ts'

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
  /** Other clients to go through a flow as, of those the configuration has. */
  readonly flow_clients: { readonly [Name in FlowClientName]?: FlowClient }
}

export interface Seeded {
  readonly configFile: string
  /** The file with the key that seals those of the server. */
  readonly masterKey: string
  readonly demo: Demo
  /** What was made now, to tell; empty when everything was there. */
  readonly made: readonly string[]
  /** The demo clients that a configuration from before does not have. */
  readonly missing: readonly FlowClientName[]
}

/**
 * Sets a folder up for `signet dev`: certificates of local authorities, keys of demo clients, a configuration with a
 * demo user. What is there already stays as it is.
 *
 * @throws InvalidConfig when there is a configuration that cannot be read.
 */
export async function seed(folder: string, now: number): Promise<Seeded> {
  mkdirSync(join(folder, 'clients'), { recursive: true, mode: 0o700 })
  const made: string[] = []
  const ca = join(folder, SERVER_FILES.authority)
  if (await ensureServerCertificate(folder, now)) {
    made.push(`a certificate authority for this machine: ${ca}`)
  }
  await ensureClientCertificate(folder, MTLS_CERTIFICATE, now)
  const configFile = join(folder, 'signet.yaml')
  if (!existsSync(configFile)) {
    const text = stringify(await demoConfig(folder), { aliasDuplicateObjects: false })
    writeFileSync(configFile, text, { mode: 0o600 })
    made.push(`a configuration to play with: ${configFile}`)
  }
  const known = clientsIn(configFile)
  const demo: Demo = {
    issuer: ISSUER,
    ca,
    client_id: 'app',
    client_key: keyFile(folder, 'app'),
    session_key: keyIn(folder, 'session.key'),
    redirect_uri: REDIRECT_URI,
    resource: RESOURCE,
    management: `http://${MANAGEMENT.host}:${MANAGEMENT.port}`,
    user: USER.username,
    password: USER.password,
    flow_clients: Object.fromEntries(
      FLOW_CLIENTS.filter((name) => known.has(name)).map((name) => [
        name,
        flowClient(folder, name),
      ]),
    ),
  }
  writeFileSync(join(folder, 'demo.json'), `${JSON.stringify(demo, undefined, 2)}\n`, {
    mode: 0o600,
  })
  const masterKey = keyIn(folder, MASTER_KEY)
  return {
    configFile,
    masterKey,
    demo,
    made,
    missing: FLOW_CLIENTS.filter((name) => !known.has(name)),
  }
}

/** The ids of the clients a configuration declares; what else it says is somebody else's to check. */
function clientsIn(configFile: string): ReadonlySet<unknown> {
  const document = readDocument(configFile)
  const clients =
    typeof document === 'object' && document !== null && 'clients' in document
      ? document.clients
      : []
  const ids = Array.isArray(clients)
    ? clients.map((client: unknown) =>
        typeof client === 'object' && client !== null && 'client_id' in client
          ? client.client_id
          : undefined,
      )
    : []
  return new Set(ids)
}

/** The file with a key of 32 bytes; made when it is not there. */
function keyIn(folder: string, name: string): string {
  const file = join(folder, name)
  if (!existsSync(file)) {
    writeFileSync(file, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 })
  }
  return file
}
