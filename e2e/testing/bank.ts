import { exportPrivateJwk, generateSigningKey } from '@signet/protocol'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { AUTHORITY, CREDENTIAL } from './authority.ts'
import { freePorts } from './free-ports.ts'
import { ask } from './https.ts'
import { ENVIRONMENT, MAIN } from './server-process.ts'
import { MASTER_KEY, SCOPES, USERS } from './site.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const PATIENCE = 30_000

/** The whole example: authorization server, API and app of the bank, each in a process of its own. */
export interface Bank {
  readonly issuer: string
  readonly api: string
  readonly app: string
  /** The steps the authorization server took for the app since then, in milliseconds. */
  steps(since: number): Promise<readonly string[]>
  output(): string
  stop(): Promise<void>
}

export interface BankOptions {
  /** Lifetime of access tokens, in seconds. */
  readonly accessToken: number
  /** How long ago who pays may have logged in, in seconds. */
  readonly recentLogin: number
}

interface Places {
  readonly folder: string
  readonly issuer: string
  readonly api: string
  readonly app: string
  readonly managementPort: number
}

export async function startBank(options: BankOptions): Promise<Bank> {
  build()
  const folder = mkdtempSync(join(tmpdir(), 'signet-bank-'))
  const [server = 0, managementPort = 0, api = 0, app = 0] = await freePorts(4)
  const places: Places = {
    folder,
    issuer: `https://localhost:${server}`,
    api: `https://localhost:${api}`,
    app: `https://localhost:${app}`,
    managementPort,
  }
  write(places, options)
  let output = ''
  const children = [
    [...MAIN, 'dev', '--quiet', '--directory', folder],
    ['--conditions=source', join(ROOT, 'apps/bank/api/main.ts'), join(folder, 'bank.json')],
    ['--conditions=source', join(ROOT, 'apps/bank/bff/main.ts'), join(folder, 'bank.json')],
  ].map((command) => launch(command, (text) => void (output += text)))
  await Promise.all([
    ready(() => ask(`${places.issuer}/.well-known/openid-configuration`)),
    ready(() => ask(`${places.api}/.well-known/oauth-protected-resource`)),
    ready(() => ask(`${places.app}/bff/diagnostics`)),
  ]).catch((error: unknown) => {
    throw new Error(`the bank did not start:\n${output}`, { cause: error })
  })
  return {
    ...places,
    steps: (since) => stepsOf(managementPort, since),
    output: () => output,
    stop: async () => {
      await Promise.all(children.map(ended))
      rmSync(folder, { recursive: true, force: true })
    },
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

/** As `signet dev` does, at other ports. */
function write(places: Places, { accessToken, recentLogin }: BankOptions): void {
  const { folder, issuer, api, app, managementPort } = places
  const key = generateSigningKey('ES256')
  const put = (name: string, text: string): void =>
    writeFileSync(join(folder, name), text, { mode: 0o600 })
  put('ca.pem', AUTHORITY)
  put('server.pem', CREDENTIAL.certificate)
  put('server-key.pem', CREDENTIAL.key)
  put('bank-key.json', JSON.stringify(exportPrivateJwk(key)))
  put('master.key', MASTER_KEY)
  put('bank-session.key', Buffer.alloc(32, 7).toString('base64url'))
  put(
    'signet.yaml',
    JSON.stringify({
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
      outgoing: { allow_private_hosts: ['localhost'], trusted_cas: ['ca.pem'] },
      lifetimes: { access_token: accessToken },
      clients: [
        {
          client_id: 'app',
          client_name: 'Meridian Bank',
          redirect_uris: [`${app}/bff/callback`],
          post_logout_redirect_uris: [`${app}/`],
          backchannel_logout_uri: `${app}/bff/backchannel`,
          backchannel_logout_session_required: true,
          token_endpoint_auth_method: 'private_key_jwt',
          jwks: { keys: [key.publicJwk] },
          grant_types: ['authorization_code', 'refresh_token'],
          scope: 'openid profile accounts payments offline_access',
          dpop_bound_access_tokens: true,
        },
      ],
      scopes: SCOPES,
      resources: [{ resource: api, scopes: ['accounts', 'payments'] }],
      users: USERS,
    }),
  )
  put(
    'bank.json',
    JSON.stringify({
      issuer,
      ca: join(folder, 'ca.pem'),
      client_id: 'app',
      client_key: join(folder, 'bank-key.json'),
      session_key: join(folder, 'bank-session.key'),
      redirect_uri: `${app}/bff/callback`,
      resource: api,
      management: `http://127.0.0.1:${managementPort}`,
      recent_login: recentLogin,
    }),
  )
}

function launch(command: readonly string[], hear: (text: string) => void): ChildProcess {
  const child = spawn(process.execPath, command, {
    cwd: ROOT,
    env: ENVIRONMENT,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', hear)
  process.once('exit', () => child.kill('SIGKILL'))
  return child
}

async function ready(probe: () => Promise<{ readonly status: number }>): Promise<void> {
  const until = Date.now() + PATIENCE
  for (;;) {
    const status = await probe().then(
      (answer) => answer.status,
      () => 0,
    )
    if (status === 200) return
    if (Date.now() > until) throw new Error(`not ready: ${status}`)
    await pause(50)
  }
}

async function stepsOf(port: number, since: number): Promise<readonly string[]> {
  const url = `http://127.0.0.1:${port}/dev/events?client_id=app&since=${since}`
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  get(url, (answer) => {
    let body = ''
    answer.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
    answer.on('end', () => resolve(body)).on('error', reject)
  }).on('error', reject)
  const { events }: { events: readonly { step: string; outcome: string }[] } = JSON.parse(
    await promise,
  )
  return events.map(({ step, outcome }) => `${step} ${outcome}`)
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  await gone
}
