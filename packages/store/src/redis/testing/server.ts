import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createClient } from 'redis'

/** Settings of redis.conf, by name. */
export type RedisSettings = Readonly<Record<string, string>>

/** A server of a test on the loopback, with a directory of its own, that ends with the process. */
export interface RedisServer {
  readonly url: string
  readonly port: number
  /** Where its append-only files are. */
  readonly directory: string
  /** Asks as an operator would, on a connection of its own. */
  command(...words: readonly string[]): Promise<unknown>
  /** `kill -9`. */
  kill(): Promise<void>
  /** Starts it again after `kill`, on the same port and with what is in its directory. */
  start(settings?: RedisSettings): Promise<void>
  /** Stops the process where it is, so that it answers nothing any more. */
  freeze(): void
  thaw(): void
  /** Ends it, and removes what it wrote. */
  stop(): Promise<void>
}

const BINARY = 'redis-server'

/** Signet's own advice, and Redis' default of fsync. */
const SETTINGS: RedisSettings = {
  bind: '127.0.0.1',
  save: '',
  appendonly: 'yes',
  appendfsync: 'everysec',
  'maxmemory-policy': 'noeviction',
  'repl-diskless-sync-delay': '0',
}

/**
 * Starts `redis-server` from the path.
 *
 * @throws Error when it is not installed, or does not come up.
 */
export async function startRedis(settings: RedisSettings = {}): Promise<RedisServer> {
  const directory = mkdtempSync(join(tmpdir(), 'signet-redis-'))
  const port = await freePort()
  let last = settings
  let child: ChildProcess | undefined
  const end = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.ref()
    child.kill('SIGKILL')
    await gone
  }
  const start = async (changed: RedisSettings = last): Promise<void> => {
    last = changed
    child = await launch({ ...SETTINGS, port: `${port}`, dir: directory, ...last })
  }
  const endAtExit = (): void => {
    child?.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
  process.once('exit', endAtExit)
  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    directory,
    command: (...words) => command(port, words),
    kill: end,
    start,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    stop: async () => {
      await end()
      process.off('exit', endAtExit)
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function launch(settings: RedisSettings): Promise<ChildProcess> {
  const words = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  const child = spawn(BINARY, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  const said: string[] = []
  await new Promise<void>((resolve, reject) => {
    child.once('error', (error) => reject(notInstalled(error)))
    child.once('exit', () => reject(new Error(`redis-server ended:\n${said.join('\n')}`)))
    createInterface(child.stdout).on('line', (line) => {
      said.push(line)
      if (line.includes('Ready to accept connections')) resolve()
    })
  })
  // A test that fails before it stops the server must end all the same.
  child.unref()
  if ('unref' in child.stdout && typeof child.stdout.unref === 'function') child.stdout.unref()
  return child
}

function notInstalled(error: Error): Error {
  return new Error(
    'redis-server cannot be started. These tests need it and are not skipped: apt-get install redis-server',
    { cause: error },
  )
}

async function command(port: number, words: readonly string[]): Promise<unknown> {
  const client = createClient({ socket: { host: '127.0.0.1', port, reconnectStrategy: false } })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await client.sendCommand(words)
  } finally {
    client.destroy()
  }
}

/** One that nobody listens on just now. */
export async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  listener.close()
  await once(listener, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('no port is free')
  return address.port
}
