import { spawn, type ChildProcess } from 'node:child_process'
import { request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

/**
 * `npm start`: the authorization server with demo data, and the example app that logs people in at it. Both end together.
 */
const READY = 'http://127.0.0.1:9400/readyz'
const PATIENCE = 60_000

const children: ChildProcess[] = []
let ending = false

if (await answersReady()) {
  process.stderr.write('A Signet is running here already: use that one, or stop it first.\n')
  process.exit(1)
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => end(0))
const server = start(['packages/server/src/main.ts', 'dev', ...process.argv.slice(2)])
if (await isReady()) start(['apps/demo/src/main.ts'])

function start(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, ['--conditions=source', ...args], { stdio: 'inherit' })
  children.push(child)
  child.on('exit', (code) => end(code ?? 1))
  return child
}

function end(code: number): void {
  if (ending) return
  ending = true
  process.exitCode = code
  for (const child of children) child.kill('SIGTERM')
}

async function isReady(): Promise<boolean> {
  const until = Date.now() + PATIENCE
  while (Date.now() < until && server.exitCode === null) {
    if (await answersReady()) return true
    await pause(100)
  }
  return false
}

function answersReady(): Promise<boolean> {
  return new Promise((resolve) => {
    request(READY, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
      .on('error', () => resolve(false))
      .end()
  })
}
