import type { Command } from 'commander'
import { startServer } from '../compose.ts'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { requireMasterKeys } from '../service-keys.ts'
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
        load: () => loadServable(options.config),
        migrated: ({ store }) => ({ store, schema: 'signet' }),
        start: (config, worker) => startServer(config, worker === undefined ? {} : { worker }),
        says: ({ services }) =>
          `Signet serves ${services.map(({ service }) => service.issuer).join(', ')}`,
      }),
    )
}

/** @throws InvalidConfig; MasterKeyRefused without a master key, which other commands can do without. */
function loadServable(path: string): Config {
  const config = loadConfig(path, process.env)
  requireMasterKeys(config)
  return config
}
