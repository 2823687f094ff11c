import { exportPrivateJwk, generateSigningKey, type SigningKey } from '@signet/protocol'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { AUTHORITY, CREDENTIAL } from './authority.ts'
import { freePorts } from './free-ports.ts'
import { ask } from './https.ts'
import { ENVIRONMENT, MAIN } from './server-process.ts'
import { MASTER_KEY, SCOPES, USERS } from './site.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const PRELOAD = join(import.meta.dirname, 'loopback-names.ts')
const PATIENCE = 30_000

/** One process of the example, which can come to harm. */
export interface Part {
  readonly origin: string
  /** Starts it, also again, and waits until it answers. */
  start(): Promise<void>
  /** SIGKILL: what was not on disk is lost. */
  kill(): Promise<void>
  /** It keeps its connections, and answers nobody. */
  freeze(): void
  thaw(): void
}

/** An app of the bank. Apps of one client share their sessions. */
export interface AppPlace {
  readonly host: string
  readonly clientId: string
}

/** The example bank at hosts of our choice, in processes that can be stopped one by one. */
export interface BankStage {
  readonly authority: Part
  readonly api: Part
  readonly apps: readonly Part[]
  /** For commands of the operator. */
  readonly configFile: string
  /** The file with the sessions of a client. */
  sessionsOf(clientId: string): string
  /** Steps the authorization server took for a client since then (milliseconds), such as `token issued`. */
  steps(clientId: string, since: number): Promise<readonly string[]>
  /** What all of them have written. */
  output(): string
  stop(): Promise<void>
}

export interface BankStageOptions {
  readonly authority: string
  readonly api: string
  readonly apps: readonly AppPlace[]
  /** Lifetime of access tokens, in seconds. */
  readonly accessToken: number
  /** How long ago who pays may have logged in, in seconds. */
  readonly recentLogin: number
  /** Further clients, as they are registered. */
  readonly clients?: readonly object[]
}

interface Plan extends BankStageOptions {
  readonly folder: string
  readonly issuer: string
  readonly resource: string
  readonly origins: readonly string[]
  readonly managementPort: number
  readonly keys: ReadonlyMap<string, SigningKey>
}

export async function openBankStage(options: BankStageOptions): Promise<BankStage> {
  build()
  const plan = await planOf(options)
  const { folder, issuer, resource, origins, managementPort } = plan
  writeServer(plan)
  let output = ''
  const hear = (text: string): void => void (output += text)
  const started = (origin: string, command: readonly string[], probe: string): StoppablePart =>
    partOf({ origin, command, probe: origin + probe, hear })
  const authority = started(
    issuer,
    [...MAIN, 'dev', '--quiet', '--directory', folder],
    '/.well-known/openid-configuration',
  )
  const files = plan.apps.map((place, index) => writeApp(plan, place, origins[index] ?? ''))
  const api = started(
    resource,
    ['--conditions=source', join(ROOT, 'apps/bank/api/main.ts'), files[0] ?? ''],
    '/.well-known/oauth-protected-resource',
  )
  const apps = files.map((file, index) =>
    started(
      origins[index] ?? '',
      ['--conditions=source', join(ROOT, 'apps/bank/bff/main.ts'), file],
      '/bff/diagnostics',
    ),
  )
  const parts = [authority, api, ...apps]
  const stop = async (): Promise<void> => {
    await Promise.all(parts.map((part) => part.stop()))
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await Promise.all(parts.map((part) => part.start()))
  } catch (error) {
    await stop()
    throw new Error(`the bank did not start:\n${output}`, { cause: error })
  }
  return {
    authority,
    api,
    apps,
    configFile: join(folder, 'signet.yaml'),
    sessionsOf: (clientId) => join(folder, clientId, 'sessions.db'),
    steps: async (clientId, since) => {
      const query = new URLSearchParams({ client_id: clientId, since: String(since) })
      const answer = await fetch(`http://127.0.0.1:${managementPort}/dev/events?${query}`)
      const { events }: { events: readonly { step: string; outcome: string }[] } = JSON.parse(
        await answer.text(),
      )
      return events.map(({ step, outcome }) => `${step} ${outcome}`)
    },
    output: () => output,
    stop,
  }
}

/** What `npm start` does first. */
function build(): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['apps/bank/web/build.ts'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`the app of the bank was not built:\n${stdout}${stderr}`)
}

async function planOf(options: BankStageOptions): Promise<Plan> {
  const [port = 0, managementPort = 0, apiPort = 0, ...ports] = await freePorts(
    3 + options.apps.length,
  )
  const clientIds = new Set(options.apps.map(({ clientId }) => clientId))
  return {
    ...options,
    folder: mkdtempSync(join(tmpdir(), 'signet-bank-')),
    issuer: `https://${options.authority}:${port}`,
    resource: `https://${options.api}:${apiPort}`,
    origins: options.apps.map(({ host }, index) => `https://${host}:${ports[index]}`),
    managementPort,
    keys: new Map([...clientIds].map((id) => [id, generateSigningKey('ES256')])),
  }
}

function writeServer(plan: Plan): void {
  const { folder, issuer, resource, managementPort, accessToken } = plan
  writeCertificates(folder)
  put(folder, 'master.key', MASTER_KEY)
  const config = {
    issuer,
    name: 'Signet',
    listen: {
      host: '127.0.0.1',
      port: Number(new URL(issuer).port),
      tls: { certificate: 'server.pem', key: 'server-key.pem' },
    },
    management: { host: '127.0.0.1', port: managementPort },
    store: { sqlite: './signet.db' },
    master_key: 'master.key',
    outgoing: {
      allow_private_hosts: [...new Set(plan.apps.map(({ host }) => host))],
      trusted_cas: ['ca.pem'],
    },
    lifetimes: { access_token: accessToken },
    clients: [
      ...[...plan.keys].map(([id, key]) => clientOf(plan, id, key)),
      ...(plan.clients ?? []),
    ],
    scopes: SCOPES,
    resources: [{ resource, scopes: ['accounts', 'payments'] }],
    users: USERS,
  }
  put(folder, 'signet.yaml', JSON.stringify(config))
}

function clientOf({ apps, origins }: Plan, clientId: string, key: SigningKey): object {
  const own = origins.filter((_, index) => apps[index]?.clientId === clientId)
  return {
    client_id: clientId,
    client_name: `Meridian Bank (${clientId})`,
    redirect_uris: own.map((origin) => `${origin}/bff/callback`),
    post_logout_redirect_uris: own.map((origin) => `${origin}/`),
    backchannel_logout_uri: `${own[0]}/bff/backchannel`,
    backchannel_logout_session_required: true,
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [key.publicJwk] },
    grant_types: ['authorization_code', 'refresh_token'],
    scope: 'openid profile accounts payments offline_access',
    dpop_bound_access_tokens: true,
  }
}

/** @returns the file that API and app are started with */
function writeApp(plan: Plan, { clientId }: AppPlace, origin: string): string {
  const folder = join(plan.folder, clientId)
  const key = plan.keys.get(clientId)
  if (key === undefined) throw new Error(`${clientId} has no key`)
  mkdirSync(folder, { recursive: true })
  writeCertificates(folder)
  put(folder, 'key.json', JSON.stringify(exportPrivateJwk(key)))
  put(folder, 'session.key', Buffer.alloc(32, 7).toString('base64url'))
  const settings = {
    issuer: plan.issuer,
    ca: join(folder, 'ca.pem'),
    client_id: clientId,
    client_key: join(folder, 'key.json'),
    session_key: join(folder, 'session.key'),
    redirect_uri: `${origin}/bff/callback`,
    resource: plan.resource,
    management: `http://127.0.0.1:${plan.managementPort}`,
    recent_login: plan.recentLogin,
  }
  return put(folder, `${new URL(origin).port}.json`, JSON.stringify(settings))
}

function writeCertificates(folder: string): void {
  put(folder, 'ca.pem', AUTHORITY)
  put(folder, 'server.pem', CREDENTIAL.certificate)
  put(folder, 'server-key.pem', CREDENTIAL.key)
}

function put(folder: string, name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text, { mode: 0o600 })
  return file
}

interface StoppablePart extends Part {
  stop(): Promise<void>
}

interface Starting {
  readonly origin: string
  readonly command: readonly string[]
  /** Answers 200 when it is ready. */
  readonly probe: string
  readonly hear: (text: string) => void
}

function partOf({ origin, command, probe, hear }: Starting): StoppablePart {
  let child: ChildProcess | undefined
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    child.kill('SIGCONT')
    await gone
  }
  process.once('exit', () => child?.kill('SIGKILL'))
  return {
    origin,
    start: async () => {
      child = spawn(process.execPath, ['--import', PRELOAD, ...command], {
        cwd: ROOT,
        env: ENVIRONMENT,
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      for (const stream of [child.stdout, child.stderr])
        stream?.setEncoding('utf8').on('data', hear)
      await ready(probe)
    },
    kill: () => end('SIGKILL'),
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    stop: () => end('SIGTERM'),
  }
}

async function ready(probe: string): Promise<void> {
  const until = Date.now() + PATIENCE
  for (;;) {
    const status = await ask(probe).then(
      (answer) => answer.status,
      () => 0,
    )
    if (status === 200) return
    if (Date.now() > until) throw new Error(`${probe} is not ready: ${status}`)
    await pause(50)
  }
}
