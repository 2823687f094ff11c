import type { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import { print, withConfig } from './context.ts'
import { bringUpToDate } from './migrate.ts'
import { run } from './run.ts'

interface Options {
  readonly config: string
  readonly migrate?: true
}

export function addServe(program: Command): void {
  withConfig(program.command('serve'))
    .description('start the server')
    .option('--migrate', 'bring the schema of a PostgreSQL to the version of this release first')
    .action(async (options: Options) => {
      const config = loadConfig(options.config, process.env)
      if (options.migrate) await bringUpToDate({ store: config.store, schema: 'signet' })
      await run(config)
      print(`Signet serves ${config.services.map(({ service }) => service.issuer).join(', ')}`)
    })
}
