import type { Command } from 'commander'
import { startServer } from '../compose.ts'
import { loadConfig } from '../config/load.ts'
import { withConfig } from './context.ts'
import { run, withRunOptions, type RunOptions } from './run.ts'

interface Options extends RunOptions {
  readonly config: string
}

export function addServe(program: Command): void {
  withRunOptions(withConfig(program.command('serve')))
    .description('start the server')
    .action((options: Options) =>
      run(options, {
        load: () => loadConfig(options.config, process.env),
        migrated: ({ store }) => ({ store, schema: 'signet' }),
        start: (config, worker) => startServer(config, worker === undefined ? {} : { worker }),
        says: ({ services }) =>
          `Signet serves ${services.map(({ service }) => service.issuer).join(', ')}`,
      }),
    )
}
