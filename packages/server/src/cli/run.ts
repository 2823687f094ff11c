import type { Command } from 'commander'
import cluster from 'node:cluster'
import { availableParallelism } from 'node:os'
import { endOnSignals } from '../end-on-signals.ts'
import { createLog } from '../management/log.ts'
import type { StartedServer } from '../started-server.ts'
import { runPrimary, type PrimaryOptions } from '../workers/primary.ts'
import { runWorker } from '../workers/worker.ts'
import { print, UsageError } from './context.ts'
import { bringUpToDate, type Migrated } from './migrate.ts'

/** What the command line says of how to serve. */
export interface RunOptions {
  readonly workers?: string
  readonly migrate?: true
}

/** Adds them to a command that serves. */
export function withRunOptions(command: Command): Command {
  return command
    .option(
      '--workers <number>',
      'serve with so many processes on the same listeners; auto: one for each processor',
    )
    .option('--migrate', 'bring the schema of a PostgreSQL to the version of this release first')
}

/** Something to be served. */
export interface Servable<Config> {
  /** @throws InvalidConfig */
  readonly load: () => Config
  readonly migrated: (config: Config) => Migrated
  /** @param worker which one it is of several processes */
  readonly start: (config: Config, worker?: number) => Promise<StartedServer>
  /** What to say when it is up. */
  readonly says: (config: Config) => string
}

/**
 * Serves until it is told to end, with one process or several. As a worker, which is started by the same command, it is one
 * of the several.
 */
export async function run<Config extends PrimaryOptions['config']>(
  options: RunOptions,
  { load, migrated, start, says }: Servable<Config>,
): Promise<void> {
  const config = load()
  if (cluster.isWorker) return runWorker((worker) => start(config, worker))
  const size = workersOf(options)
  if (options.migrate) await bringUpToDate(migrated(config))
  if (size === undefined) {
    explainHangUp(config)
    endOnSignals(await start(config))
  } else if (!(await runPrimary({ config, size, reload: load }))) process.exit(1)
  print(says(config))
}

function workersOf({ workers }: RunOptions): number | undefined {
  if (workers === undefined) return undefined
  if (workers === 'auto') return availableParallelism()
  if (/^[1-9]\d{0,2}$/.test(workers)) return Number(workers)
  throw new UsageError(`--workers takes a number, or auto; not ${workers}`)
}

const HUNG_UP =
  'SIGHUP changes nothing here: restart to read the configuration again; with --workers it is read without a gap'

/** One process cannot take its own place; and a service manager that has it reload is not to end it. */
function explainHangUp({ log: { level } }: PrimaryOptions['config']): void {
  const log = createLog(level)
  process.on('SIGHUP', () => log.warn(HUNG_UP))
}
