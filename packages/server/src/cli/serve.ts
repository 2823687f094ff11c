import type { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import { print, withConfig } from './context.ts'
import { run } from './run.ts'

export function addServe(program: Command): void {
  withConfig(program.command('serve'))
    .description('start the server')
    .action(async (options: { readonly config: string }) => {
      const config = loadConfig(options.config, process.env)
      await run(config)
      print(`Signet serves ${config.services.map(({ service }) => service.issuer).join(', ')}`)
    })
}
