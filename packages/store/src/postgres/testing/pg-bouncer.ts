import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { pgBouncerBinary } from './binaries.ts'
import { serverAccount, type TestServer } from './server.ts'

const PATIENCE_MILLISECONDS = 10_000

/** A PgBouncer before a test server, which hands each transaction to any of a few connections. */
export interface TestPgBouncer {
  url(database: string): string
  dispose(): Promise<void>
}

/**
 * @param settings lines of its configuration
 * @throws Error when PgBouncer is not installed, saying how to install it, or does not start, with its log.
 */
export async function startPgBouncer(
  server: TestServer,
  settings: Readonly<Record<string, string>> = {},
): Promise<TestPgBouncer> {
  const binary = pgBouncerBinary()
  const account = serverAccount()
  const directory = mkdtempSync(join(tmpdir(), 'signet-pgbouncer-'))
  const log = join(directory, 'log')
  writeFileSync(join(directory, 'users'), '"signet" ""\n')
  writeFileSync(
    join(directory, 'pgbouncer.ini'),
    `[databases]
* = host=${server.directory} port=${server.port}
[pgbouncer]
pool_mode = transaction
default_pool_size = 3
listen_addr =
listen_port = ${server.port}
unix_socket_dir = ${directory}
auth_type = trust
auth_file = ${join(directory, 'users')}
logfile = ${log}
${Object.entries(settings)
  .map(([name, value]) => `${name} = ${value}\n`)
  .join('')}`,
  )
  if (account !== undefined) chownSync(directory, account.uid, account.gid)
  const child = spawn(binary, ['-q', join(directory, 'pgbouncer.ini')], {
    ...account,
    cwd: directory,
    stdio: 'ignore',
  })
  const exited = once(child, 'exit')
  const killOnExit = (): void => void child.kill('SIGKILL')
  process.once('exit', killOnExit)
  const url = (database: string): string =>
    `postgres://signet@/${database}?host=${encodeURIComponent(directory)}&port=${server.port}`
  await answering(url('postgres'), log)
  return {
    url,
    dispose: async () => {
      child.kill('SIGKILL')
      await exited
      process.off('exit', killOnExit)
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function answering(url: string, log: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MILLISECONDS
  for (;;) {
    const client = new Client({ connectionString: url })
    try {
      await client.connect()
      await client.query('SELECT 1')
      return
    } catch (error) {
      if (performance.now() > deadline) {
        throw new Error(`PgBouncer did not start:\n${readFileSync(log, 'utf8')}`, { cause: error })
      }
    } finally {
      await client.end()
    }
    await sleep(20)
  }
}
