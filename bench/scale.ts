import type { Clock, Store } from '@signet/engine'
import { createClientAssertion, createProof } from '@signet/protocol'
import { loadConfig, openStores, startServer, type Config } from '@signet/server'
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { connect, type Answer, type Connection } from './connection.ts'
import { fill, PER_SUBJECT, type Member } from './scale-fill.ts'

const USAGE = `npm run bench:scale -- [options]

Prints how long starting, listing and looking up take with many clients and grants, beside an empty store.

  --clients N      clients, each with a key of its own (1000)
  --grants N       grants, all of them with a refresh token (100000)
  --postgres URL   an empty database that may be filled; a SQLite file otherwise
`

const ISSUER = 'https://scale.example'
const SIGNET = fileURLToPath(new URL('../packages/server/src/main.ts', import.meta.url))
const TIMES = 200

const { values: given } = parseArgs({
  options: {
    clients: { type: 'string', default: '1000' },
    grants: { type: 'string', default: '100000' },
    postgres: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

const clock: Clock = {
  now: () => Math.floor(Date.now() / 1000),
  milliseconds: () => Date.now(),
}

if (given.help) process.stdout.write(USAGE)
else await run()

async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'signet-scale-'))
  try {
    const file = await configure(folder)
    if (given.postgres !== undefined) signet('migrate', '--apply', '--config', file)
    tell('load of the machine in the last minute', loadavg()[0]?.toFixed(1) ?? '')
    await tellCommands('empty', file)
    const members = await filled(file)
    await tellCommands('full', file)
    const config = { ...loadConfig(file, {}), log: { level: 'silent' as const } }
    await measureStore(config, members)
    await measureRequests(config, members)
    tell('load of the machine in the last minute', loadavg()[0]?.toFixed(1) ?? '')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Everything a server needs but TLS, which stands before it. */
async function configure(folder: string): Promise<string> {
  const file = join(folder, 'signet.json')
  const store =
    given.postgres === undefined ? { sqlite: 'signet.db' } : { postgres: given.postgres }
  const listen = { host: '127.0.0.1', port: await freePort() }
  writeFileSync(join(folder, 'master.key'), randomBytes(32).toString('base64url'), { mode: 0o600 })
  writeFileSync(file, JSON.stringify({ issuer: ISSUER, listen, store, master_key: 'master.key' }), {
    mode: 0o600,
  })
  return file
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

async function filled(file: string): Promise<readonly Member[]> {
  const stores = await openStores(loadConfig(file, {}), clock)
  const began = performance.now()
  const counts = { clients: Number(given.clients), grants: Number(given.grants) }
  const members = await fill(stores.store(ISSUER), counts, clock)
  await stores.close()
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  tell(`${counts.clients} clients and ${counts.grants} grants written`, `${seconds} s`)
  return members
}

/** Whole commands, the start of Node included. */
async function tellCommands(state: string, file: string): Promise<void> {
  tell(`signet serve until it serves, ${state}`, await started(file))
  const began = performance.now()
  signet('client', 'list', '--config', file)
  tell(`signet client list, ${state}`, milliseconds(performance.now() - began))
}

function signet(...args: readonly string[]): void {
  const { status, stderr } = spawnSync(process.execPath, ['--conditions=source', SIGNET, ...args], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`signet ${args.join(' ')}: ${stderr}`)
}

async function started(file: string): Promise<string> {
  const began = performance.now()
  const child = spawn(
    process.execPath,
    ['--conditions=source', SIGNET, 'serve', '--config', file],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let output = ''
  for await (const chunk of child.stdout) {
    output += String(chunk)
    if (output.includes('Signet serves')) break
  }
  const took = performance.now() - began
  if (!output.includes('Signet serves')) throw new Error(`it did not start: ${output}`)
  child.kill('SIGTERM')
  if (child.exitCode === null) await once(child, 'exit')
  return milliseconds(took)
}

/** What single verbs take, without a server. */
async function measureStore(config: Config, members: readonly Member[]): Promise<void> {
  const stores = await openStores(config, clock)
  const store: Store = stores.store(ISSUER)
  try {
    const any = (): Member => chosen(members)
    await measure('store: a client by its id', () => store.clients.get(any().clientId))
    await measure('store: a grant by its id', () => store.grants.get(any().grantId))
    await measure('store: all clients', () => store.clients.list(), 10)
    const ofSubject = (): Promise<unknown> => store.grants.ofSubject(any().subject)
    await measure(`store: the ${PER_SUBJECT} grants of a user`, ofSubject, 10)
  } finally {
    await stores.close()
  }
}

/** Requests of clients that are drawn by lot, one after the other; signing them does not count. */
async function measureRequests(config: Config, members: readonly Member[]): Promise<void> {
  const server = await startServer({ ...config, listen: { host: '127.0.0.1', port: 0 } })
  const connection = connect(server.url, 1)
  try {
    for (const [name, path, form] of [
      ['refresh', '/token', { grant_type: 'refresh_token' }],
      ['introspection', '/introspect', {}],
    ] as const) {
      const took: number[] = []
      for (let count = 0; count < TIMES; count += 1) {
        const member = chosen(members)
        const token = { [path === '/token' ? 'refresh_token' : 'token']: member.refreshToken }
        const send = requestOf(member, { path, form: { ...form, ...token } }, connection)
        const began = performance.now()
        const { status, body } = await send()
        took.push(performance.now() - began)
        if (status !== 200 || body.includes('"active":false')) throw new Error(`${name}: ${body}`)
      }
      tell(`request: ${name}`, spread(took))
    }
  } finally {
    connection.close()
    await server.close()
  }
}

interface Wanted {
  readonly path: string
  readonly form: Readonly<Record<string, string>>
}

function requestOf(
  { clientId, key }: Member,
  { path, form }: Wanted,
  connection: Connection,
): () => Promise<Answer> {
  const unique = (): string => randomBytes(16).toString('base64url')
  const now = clock.now()
  const assertion = createClientAssertion({ key, clientId, issuer: ISSUER, now, jti: unique() })
  const url = `${ISSUER}${path}`
  const body = new URLSearchParams({
    ...form,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  }).toString()
  const headers = {
    host: new URL(ISSUER).host,
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': Buffer.byteLength(body),
    dpop: createProof({ key, url, method: 'POST', now, jti: unique() }),
  }
  return () => connection.send({ method: 'POST', path, headers, body })
}

async function measure(name: string, verb: () => Promise<unknown>, times = TIMES): Promise<void> {
  const took: number[] = []
  for (let count = 0; count < times; count += 1) {
    const began = performance.now()
    await verb()
    took.push(performance.now() - began)
  }
  tell(name, spread(took))
}

function chosen(members: readonly Member[]): Member {
  const member = members[Math.floor(Math.random() * members.length)]
  if (member === undefined) throw new Error('nobody is there')
  return member
}

function spread(took: readonly number[]): string {
  const sorted = took.toSorted((one, other) => one - other)
  const at = (part: number): string => milliseconds(sorted[Math.floor(sorted.length * part)] ?? 0)
  return `${at(0.5)}, nine of ten within ${at(0.9)}`
}

function milliseconds(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`
}

function tell(name: string, value: string): void {
  process.stdout.write(`${name.padEnd(42)} ${value}\n`)
}
