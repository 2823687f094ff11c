import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { createSite, type Configure, type Site } from './site.ts'

const ROOT = join(import.meta.dirname, '..', '..')

/** How a command of this repository is run from its source. */
export const MAIN: readonly string[] = [
  '--conditions=source',
  join(ROOT, 'packages', 'server', 'src', 'main.ts'),
]

/** What the child sees of our environment: nothing that would configure it. */
export const ENVIRONMENT: NodeJS.ProcessEnv = {
  PATH: process.env['PATH'],
  HOME: process.env['HOME'],
  TZ: 'UTC',
}

const START_TIMEOUT_MILLISECONDS = 60_000

/** A command that goes on until it is ended, in a process of its own, as an operator would run it. */
export interface RunningCommand {
  /** Everything it has written to its terminal so far, by all the processes that ran. */
  output(): string
  /** SIGTERM, unless it was told so already. @returns its exit code */
  stop(): Promise<number | null>
  /** SIGTERM, without waiting for the end. */
  terminate(): void
  /** Another signal. */
  send(signal: NodeJS.Signals): void
  /** SIGKILL: whatever was not on disk is lost. */
  kill(): Promise<void>
  /** Starts again on the same data; what ran before must have ended. */
  start(): Promise<void>
  readonly isRunning: boolean
  /** Of the process that was started last. */
  readonly pid: number | undefined
}

/** An authorization server on its site. */
export interface ServerProcess extends RunningCommand {
  readonly site: Site
}

/** Makes a site and starts a server on it. */
export async function serve(
  configure: Configure,
  options: readonly string[] = [],
): Promise<ServerProcess> {
  const site = await createSite(configure)
  return serveOn(site, site.configFile, options)
}

/** Starts a server on a site, with one of its configuration files. */
export async function serveOn(
  site: Site,
  configFile: string,
  options: readonly string[] = [],
): Promise<ServerProcess> {
  const command = ['serve', '--config', configFile, ...options]
  return Object.assign(await startCommand(command, 'Signet serves'), { site })
}

/**
 * Starts `signet …`, and waits until it says that it is up.
 *
 * @param environment what it sees beside `ENVIRONMENT`
 */
export async function startCommand(
  args: readonly string[],
  upWhen: string,
  environment: NodeJS.ProcessEnv = {},
): Promise<RunningCommand> {
  let output = ''
  const hear = (chunk: Buffer): void => void (output += chunk.toString())
  const command = { args, environment: { ...ENVIRONMENT, ...environment } }
  let isEnding = false
  let child = launch(command, hear)
  await ready(child, { words: upWhen, output: () => output })
  return {
    output: () => output,
    get isRunning() {
      return isAlive(child)
    },
    terminate: () => {
      isEnding = true
      child.kill('SIGTERM')
    },
    send: (signal) => void child.kill(signal),
    get pid() {
      return child.pid
    },
    stop: async () => {
      if (isAlive(child)) await ended(child, isEnding ? undefined : 'SIGTERM')
      return child.exitCode
    },
    kill: () => ended(child, 'SIGKILL'),
    start: async () => {
      output += '\n'
      const before = output.length
      isEnding = false
      child = launch(command, hear)
      await ready(child, { words: upWhen, output: () => output.slice(before) })
    },
  }
}

/** None outlives the test. */
const children = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

interface Command {
  readonly args: readonly string[]
  readonly environment: NodeJS.ProcessEnv
}

function launch({ args, environment }: Command, hear: (chunk: Buffer) => void): ChildProcess {
  const child = spawn(process.execPath, [...MAIN, ...args], {
    cwd: ROOT,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  children.add(child)
  return child
}

interface Sign {
  readonly words: string
  readonly output: () => string
}

async function ready(child: ChildProcess, sign: Sign): Promise<void> {
  try {
    await says(child, sign)
  } catch (error) {
    await ended(child, 'SIGKILL')
    throw new Error(`it did not start:\n${sign.output()}`, { cause: error })
  }
  // A test that fails before it stops the command must end all the same.
  child.unref()
  for (const stream of [child.stdout, child.stderr]) if (stream instanceof Socket) stream.unref()
}

async function says(child: ChildProcess, { words, output }: Sign): Promise<void> {
  const giveUp = AbortSignal.timeout(START_TIMEOUT_MILLISECONDS)
  const gone = once(child, 'exit', { signal: giveUp })
  gone.catch(() => undefined)
  while (!output().includes(words)) {
    const heard = once(child.stdout ?? child, 'data', { signal: giveUp }).then(() => true)
    heard.catch(() => undefined)
    const isUp = await Promise.race([heard, gone.then(() => false)])
    if (!isUp) throw new Error('it has ended')
  }
}

function isAlive({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null
}

async function ended(child: ChildProcess, signal?: NodeJS.Signals): Promise<void> {
  if (!isAlive(child)) return
  const gone = once(child, 'exit')
  child.ref()
  if (signal !== undefined) child.kill(signal)
  await gone
}
