import type { Command } from 'commander'
import type { BffConfig } from '../bff/config.ts'
import { BFF_FILE } from '../bff/format.ts'
import { loadBffConfig } from '../bff/load.ts'
import { serveBff } from '../bff/serve.ts'
import { jsonSchema } from '../config/schema.ts'
import { listVariables } from './config.ts'
import { print } from './context.ts'
import { bringUpToDate, withActs, type Migrated } from './migrate.ts'
import { endOnSignals } from './run.ts'

interface Options {
  readonly config: string
  readonly check?: boolean
  readonly migrate?: boolean
}

export function addBff(program: Command): void {
  const bff = program
    .command('bff')
    .description('start a backend for frontend, for apps in the browser')
    .option(
      '-c, --config <file>',
      'its configuration file (environment: SIGNET_BFF_CONFIG)',
      process.env['SIGNET_BFF_CONFIG'] ?? 'signet-bff.yaml',
    )
    .option('--migrate', 'bring the schema of a PostgreSQL to the version of this release first')
    .option('--check', 'only check the file, the keys it names and the environment')
    .action(async ({ config: file, check, migrate }: Options) => {
      const config = loadBffConfig(file, process.env)
      const origins = config.options.frontends.map(({ publicOrigin }) => publicOrigin).join(', ')
      if (check === true) return print(`${file} is valid: ${origins}`)
      if (migrate === true) await bringUpToDate(migratedBy(config))
      endOnSignals(await serveBff(config))
      print(`Signet BFF serves ${origins}`)
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

function migratedBy({ store }: BffConfig): Migrated {
  return { store, schema: 'signet_bff' }
}
