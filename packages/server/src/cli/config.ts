import type { Command } from 'commander'
import { variables } from '../config/environment.ts'
import { SERVER_FILE, type Format } from '../config/format.ts'
import { loadConfig } from '../config/load.ts'
import { printConfig } from '../config/print.ts'
import { jsonSchema } from '../config/schema.ts'
import { print, withConfig } from './context.ts'

interface Options {
  readonly config: string
}

export function addConfig(program: Command): void {
  const config = program.command('config').description('look at the configuration')
  withConfig(config.command('validate'))
    .description('check the file and the environment; lists every problem')
    .action((options: Options) => {
      const { services, masterKeys } = loadConfig(options.config, process.env)
      print(
        `${options.config} is valid: ${services.map(({ service }) => service.issuer).join(', ')}`,
      )
      if (masterKeys === undefined) print('signet serve needs a master_key too: signet keys master')
    })
  withConfig(config.command('print'))
    .description('print what is in effect, defaults and environment applied, without secrets')
    .action((options: Options) => print(printConfig(loadConfig(options.config, process.env))))
  config
    .command('schema')
    .description('print the JSON Schema of the file')
    .action(() => print(JSON.stringify(jsonSchema(), undefined, 2)))
  config
    .command('environment')
    .description('list the variables that override the file; each also as NAME_FILE')
    .action(() => print(listVariables(SERVER_FILE)))
}

/** Each variable that can override a setting, and which one that is. */
export function listVariables(format: Format): string {
  return variables(format)
    .map(({ name, path }) => `${name}  ${path.join('.')}`)
    .join('\n')
}
