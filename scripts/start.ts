import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { get as getPlain, type IncomingMessage } from 'node:http'
import { get as getTls } from 'node:https'
import { connect } from 'node:net'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'

/**
 * `npm start`: the authorization server with demo data, the API of the example bank behind the guard, and the bank's app
 * behind the BFF. All three end together.
 */
interface Part {
  readonly what: string
  readonly url: string
  readonly ports: readonly number[]
  /** Answers 200 when the part takes requests. */
  readonly probe: string
  readonly command: readonly string[]
}

const { values } = parseArgs({
  options: { directory: { type: 'string', short: 'd', default: '.signet/dev' } },
})
const DEMO = path.join(values.directory, 'demo.json')
const AUTHORITY = path.join(values.directory, 'ca.pem')

const PARTS: readonly Part[] = [
  {
    what: 'the authorization server',
    url: 'https://localhost:9443',
    ports: [9443, 9444, 9400],
    probe: 'http://127.0.0.1:9400/readyz',
    command: ['packages/server/src/main.ts', 'dev', '--quiet', '--directory', values.directory],
  },
  {
    what: "the bank's API",
    url: 'https://localhost:9445',
    ports: [9445],
    probe: 'https://localhost:9445/.well-known/oauth-protected-resource',
    command: ['apps/bank/api/main.ts', DEMO],
  },
  {
    what: "the bank's app",
    url: 'https://localhost:9446',
    ports: [9446],
    probe: 'https://localhost:9446/bff/diagnostics',
    command: ['apps/bank/bff/main.ts', DEMO],
  },
]
const PATIENCE = 60_000

/** Where the server asks for client certificates. */
const MTLS = 'https://localhost:9444'
const FLOWS: Readonly<Record<string, string>> = {
  mtls: 'the same with a client certificate',
  signed: 'the same with signed and encrypted messages',
}

const children: ChildProcess[] = []
let ending = false

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => end(0))
if ((await portsAreFree()) && isBuilt()) {
  for (const part of PARTS) {
    if (ending) break
    await start(part)
  }
  if (!ending) process.stdout.write(welcome())
} else {
  process.exitCode = 1
}

/** Builds the app when its sources have changed. */
function isBuilt(): boolean {
  const { status } = spawnSync(process.execPath, ['apps/bank/web/build.ts'], { stdio: 'inherit' })
  return status === 0
}

/** Says which are taken, all at once. */
async function portsAreFree(): Promise<boolean> {
  const taken: string[] = []
  for (const { what, ports } of PARTS) {
    for (const port of ports) {
      if (await isTaken(port)) taken.push(`port ${port}, which ${what} needs`)
    }
  }
  if (taken.length === 0) return true
  process.stderr.write(
    `Something is listening already on ${taken.join(', and on ')}.\n` +
      'If that is another "npm start", use it or stop it first (Ctrl+C there). To find out what it is: ' +
      `lsof -i :${/\d+/.exec(taken[0] ?? '')?.[0] ?? ''}\n`,
  )
  return false
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

/** Starts a part and waits until it takes requests; when it ends, everything ends. */
async function start({ what, probe, command }: Part): Promise<void> {
  const child = spawn(process.execPath, ['--conditions=source', ...command], { stdio: 'inherit' })
  children.push(child)
  child.on('exit', (code) => {
    if (!ending && code !== 0) process.stderr.write(`${what} has ended.\n`)
    end(code ?? 1)
  })
  const until = Date.now() + PATIENCE
  while (!ending && !(await answers(probe))) {
    if (Date.now() > until) {
      process.stderr.write(`${what} is not ready after ${PATIENCE / 1_000} s.\n`)
      return end(1)
    }
    await pause(50)
  }
}

/** Asks a part whether it is ready; the server, which comes first and speaks plain http here, has made the certificates. */
function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const hear = (response: IncomingMessage): void => {
      response.resume()
      resolve(response.statusCode === 200)
    }
    const request = url.startsWith('https:')
      ? getTls(url, { ca: readFileSync(AUTHORITY) }, hear)
      : getPlain(url, hear)
    request.on('error', () => resolve(false))
  })
}

function end(code: number): void {
  if (ending) return
  ending = true
  process.exitCode = code
  for (const child of children) child.kill('SIGTERM')
}

/** Of what `signet dev` writes down. */
interface Demo {
  readonly user: string
  readonly password: string
  /** Those the settings have. */
  readonly flow_clients: Readonly<Record<string, object>>
}

function welcome(): string {
  const demo: Demo = JSON.parse(readFileSync(DEMO, 'utf8'))
  const places = PARTS.map(({ what, url }) => [what, url])
  const clients = Object.keys(demo.flow_clients)
  if (clients.includes('mtls')) places.splice(1, 0, ['for client certificates', MTLS])
  const addresses = places.map(([what = '', url]) => `  ${what.padEnd(26)}${url}`).join('\n')
  const flows = clients.map(
    (name) => `\n    npm run flow -- --client ${name.padEnd(8)}${FLOWS[name]}`,
  )
  return `
Everything is ready.

${addresses}

Open https://localhost:9446 and log in as ${demo.user}, password ${demo.password}. Then try:

  - pay somebody. If your login is older than five minutes you are asked for your password again;
  - log in with a second browser, and end it under "Devices";
  - "What just happened": every message, and what was checked where it arrived;
  - in a second terminal: npm run flow, a client that completes a whole flow and says what it checked;${flows.join('')}

Your browser will warn about the certificate until it trusts ${AUTHORITY}.
When something is refused: npm run signet -- explain <event id> --config ${path.join(values.directory, 'signet.yaml')}
Stop with Ctrl+C.
`
}
