import type { Command } from 'commander'
import cluster from 'node:cluster'
import { availableParallelism } from 'node:os'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { runPrimary } from '../workers/primary.ts'
import { runWorker } from '../workers/worker.ts'
import { print, UsageError, withConfig } from './context.ts'
import { bringUpToDate } from './migrate.ts'
import { run } from './run.ts'

interface Options {
  readonly config: string
  readonly migrate?: true
  readonly workers?: string
}

export function addServe(program: Command): void {
  withConfig(program.command('serve'))
    .description('start the server')
    .option(
      '--workers <number>',
      'serve with so many processes on the same listeners; auto: one for each processor',
    )
    .option('--migrate', 'bring the schema of a PostgreSQL to the version of this release first')
    .action(async (options: Options) => {
      const config = loadConfig(options.config, process.env)
      if (cluster.isWorker) return runWorker(config)
      if (options.migrate) await bringUpToDate({ store: config.store, schema: 'signet' })
      const size = workersOf(options)
      if (size === undefined) await run(config)
      else {
        const reload = (): Config => loadConfig(options.config, process.env)
        if (!(await runPrimary({ config, size, reload }))) process.exit(1)
      }
      print(`Signet serves ${config.services.map(({ service }) => service.issuer).join(', ')}`)
    })
}

function workersOf({ workers }: Options): number | undefined {
  if (workers === undefined) return undefined
  if (workers === 'auto') return availableParallelism()
  if (/^[1-9]\d{0,2}$/.test(workers)) return Number(workers)
  throw new UsageError(`--workers takes a number, or auto; not ${workers}`)
}
