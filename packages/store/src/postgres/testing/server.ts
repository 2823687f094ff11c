import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, chownSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { serverBinaries } from './binaries.ts'

/** Only the name of the socket depends on it: nothing listens on the network. */
const PORT = 5432
const PATIENCE_MILLISECONDS = 30_000

export interface TestServerOptions {
  /**
   * Whether a commit waits for the disk. Off is for tests that never kill the server: there it changes the speed only. Where
   * it is killed it has to be on, because that is what is tested.
   */
  readonly fsync: boolean
  /** Lines of `postgresql.conf`. */
  readonly settings?: Readonly<Record<string, string | number>>
  /** The largest file the server can write, in bytes: beyond it the disk is full, as far as the server can tell. */
  readonly largestFile?: number
  /** Where the server keeps its log, the write-ahead log; with its data by default. */
  readonly logDirectory?: string
}

/** A PostgreSQL of its own, in a temporary directory, that listens on a socket in it. */
export interface TestServer {
  /** Of the socket. */
  readonly directory: string
  readonly port: number
  /** Of the process that started all others, while it runs. */
  readonly pid: number | undefined
  url(database: string): string
  /** Makes a database and answers its URL. */
  createDatabase(): Promise<string>
  /** One statement in the database of this URL, as the owner of everything. */
  execute(url: string, sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>
  /** Starts it again after `stop` or `kill`. */
  start(): Promise<void>
  /** Ends every connection and shuts down in order, as an administrator would. */
  stop(): Promise<void>
  /** As if the machine had lost all of its processes: `kill -9`. */
  kill(): Promise<void>
  /** Stops it and removes everything. */
  dispose(): Promise<void>
}

/** @throws Error when PostgreSQL is not installed, saying how to install it, or does not start, with its log. */
export async function startTestServer(options: TestServerOptions): Promise<TestServer> {
  const server = new ServerInDirectory(serverBinaries(), options)
  await server.start()
  return server
}

/** PostgreSQL refuses to run as root; whoever is somebody else runs it as that. */
export function serverAccount(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const line = readFileSync('/etc/passwd', 'utf8').match(/^postgres:[^:]*:(\d+):(\d+):/m)
  if (line === null) throw new Error('there is no user postgres: apt-get install postgresql')
  return { uid: Number(line[1]), gid: Number(line[2]) }
}

class ServerInDirectory implements TestServer {
  readonly directory: string
  readonly port = PORT
  readonly #binaries: string
  readonly #account = serverAccount()
  readonly #largestFile: number | undefined
  #process: ChildProcess | undefined
  #databases = 0

  constructor(binaries: string, options: TestServerOptions) {
    const { fsync, settings = {}, largestFile, logDirectory } = options
    this.#binaries = binaries
    this.#largestFile = largestFile
    this.directory = mkdtempSync(join(tmpdir(), 'signet-postgres-'))
    if (this.#account !== undefined) {
      chownSync(this.directory, this.#account.uid, this.#account.gid)
    }
    const initdb = ['-D', this.#data, '-U', 'signet', '-A', 'trust', '-E', 'UTF8', '--locale=C']
    // The log is written in files of this many megabytes, which have to fit.
    const hasRoom = largestFile === undefined && logDirectory === undefined
    const segments = hasRoom ? [] : ['--wal-segsize=1']
    const log = logDirectory === undefined ? [] : [`--waldir=${logDirectory}`]
    execFileSync(join(binaries, 'initdb'), [...initdb, '--no-sync', ...segments, ...log], {
      ...this.#account,
      cwd: this.directory,
      stdio: 'pipe',
    })
    const lines = {
      listen_addresses: '',
      unix_socket_directories: this.directory,
      port: PORT,
      fsync: fsync ? 'on' : 'off',
      ...settings,
    }
    for (const [name, value] of Object.entries(lines)) {
      appendFileSync(join(this.#data, 'postgresql.conf'), `${name} = '${value}'\n`)
    }
    process.once('exit', this.#killOnExit)
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  get #data(): string {
    return join(this.directory, 'data')
  }

  url(database: string): string {
    return `postgres://signet@/${database}?host=${encodeURIComponent(this.directory)}&port=${PORT}`
  }

  async createDatabase(): Promise<string> {
    this.#databases += 1
    const name = `test_${process.pid}_${this.#databases}`
    await this.execute(this.url('postgres'), `CREATE DATABASE ${name} TEMPLATE template0`)
    return this.url(name)
  }

  async execute(url: string, sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const client = new Client({ connectionString: url })
    await client.connect()
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows
    } finally {
      await client.end()
    }
  }

  async start(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MILLISECONDS
    for (;;) {
      // After `kill` the processes it had started need a moment to notice; until they are gone no other server starts.
      if (this.#process === undefined) this.#spawn()
      try {
        await this.execute(this.url('postgres'), 'SELECT 1')
        return
      } catch (error) {
        if (performance.now() > deadline) throw this.#notStarted(error)
      }
      await sleep(20)
    }
  }

  async stop(): Promise<void> {
    // Fast: connections are ended, their transactions rolled back.
    await this.#end('SIGINT')
  }

  async kill(): Promise<void> {
    // Those it started would notice by themselves, and answer somebody until then.
    const started = childrenOf(this.pid)
    await this.#end('SIGKILL')
    for (const pid of started) endNow(pid)
  }

  async dispose(): Promise<void> {
    // Immediate: nothing has to be kept.
    await this.#end('SIGQUIT')
    process.off('exit', this.#killOnExit)
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 10 })
  }

  #spawn(): void {
    const command = [join(this.#binaries, 'postgres'), '-D', this.#data]
    const limited =
      this.#largestFile === undefined
        ? command
        : ['prlimit', `--fsize=${this.#largestFile}`, ...command]
    const [program = '', ...parameters] = limited
    const log = join(this.directory, 'log')
    const child = spawn('sh', ['-c', `exec "$0" "$@" >>'${log}' 2>&1`, program, ...parameters], {
      ...this.#account,
      cwd: this.directory,
      stdio: 'ignore',
    })
    this.#process = child
    // A test that fails before it stops the server must end all the same.
    child.unref()
    child.once('exit', () => {
      if (this.#process === child) this.#process = undefined
    })
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process
    if (child === undefined) return
    const exited = once(child, 'exit')
    child.ref()
    child.kill(signal)
    await exited
  }

  readonly #killOnExit = (): void => {
    this.#process?.kill('SIGQUIT')
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 10 })
  }

  #notStarted(error: unknown): Error {
    const log = readFileSync(join(this.directory, 'log'), 'utf8').slice(-2_000)
    return new Error(`PostgreSQL did not start:\n${log}`, { cause: error })
  }
}

function childrenOf(pid: number | undefined): readonly number[] {
  const children = `/proc/${pid}/task/${pid}/children`
  if (!existsSync(children)) return []
  return readFileSync(children, 'utf8').split(' ').filter(Boolean).map(Number)
}

function endNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It was faster.
  }
}
