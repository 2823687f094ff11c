import type { Command } from 'commander'
import type { BffConfig } from '../bff/config.ts'
import { BFF_FILE } from '../bff/format.ts'
import { loadBffConfig } from '../bff/load.ts'
import { serveBff } from '../bff/serve.ts'
import { jsonSchema } from '../config/schema.ts'
import { listVariables } from './config.ts'
import { print } from './context.ts'
import { withActs, type Migrated } from './migrate.ts'
import { run, withRunOptions, type RunOptions } from './run.ts'

interface Options extends RunOptions {
  readonly config: string
  readonly check?: boolean
}

export function addBff(program: Command): void {
  const bff = withRunOptions(
    program
      .command('bff')
      .description('start a backend for frontend, for apps in the browser')
      .option(
        '-c, --config <file>',
        'its configuration file (environment: SIGNET_BFF_CONFIG)',
        process.env['SIGNET_BFF_CONFIG'] ?? 'signet-bff.yaml',
      ),
  )
    .option('--check', 'only check the file, the keys it names and the environment')
    .action((options: Options) => {
      const { config: file, check } = options
      const load = (): BffConfig => loadBffConfig(file, process.env)
      if (check === true) return print(`${file} is valid: ${originsOf(load())}`)
      return run(options, {
        load,
        migrated: migratedBy,
        start: (config, worker) => serveBff(config, worker === undefined ? {} : { worker }),
        says: (config) => `Signet BFF serves ${originsOf(config)}`,
      })
    })
  withActs(bff.command('migrate'), ({ config }) => migratedBy(loadBffConfig(config, process.env)))
  bff
    .command('schema')
    .description('print the JSON Schema of the file')
    .action(() => print(JSON.stringify(jsonSchema(BFF_FILE.schema), undefined, 2)))
  bff
    .command('environment')
    .description('list the variables that override the file; each also as NAME_FILE')
    .action(() => print(listVariables(BFF_FILE)))
}

function originsOf({ options: { frontends } }: BffConfig): string {
  return frontends.map(({ publicOrigin }) => publicOrigin).join(', ')
}

function migratedBy({ store }: BffConfig): Migrated {
  return { store, schema: 'signet_bff' }
}
