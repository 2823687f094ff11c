import type { Command } from 'commander'
import { resolve } from 'node:path'
import { loadConfig } from '../config/load.ts'
import { seed, type Seeded } from '../dev/seed.ts'
import { print } from './context.ts'
import { run } from './run.ts'

interface Options {
  readonly directory: string
  readonly quiet?: boolean
}

export function addDev(program: Command): void {
  program
    .command('dev')
    .description(
      'start a server to play with: local certificates, demo client and demo user included',
    )
    .option('-d, --directory <folder>', 'where certificates, keys and data are kept', '.signet/dev')
    .option('-q, --quiet', 'do not tell what to try')
    .action(async ({ directory, quiet }: Options) => {
      const seeded = await seed(resolve(directory), Date.now())
      for (const thing of seeded.made) print(`Made ${thing}`)
      await run(loadConfig(seeded.configFile, process.env), { development: true })
      if (quiet !== true) print(welcome(seeded))
    })
}

function welcome({ demo, configFile }: Seeded): string {
  return `
Signet is running, with the profile fapi2-security.

  Issuer       ${demo.issuer}
  Metadata     ${demo.issuer}/.well-known/openid-configuration
  User         ${demo.user}, password ${demo.password}
  Client       ${demo.client_id}, private key in ${demo.client_key}
  Settings     ${configFile}

Your browser will warn about the certificate until it trusts ${demo.ca}
(or run: NODE_EXTRA_CA_CERTS=${demo.ca} for a client in Node).

Try, in a second terminal:  npm run flow
When something is refused:  npm run signet -- explain <event id> --config ${configFile}
Stop with Ctrl+C.`
}
