import type { Command } from 'commander'
import { resolve } from 'node:path'
import { startServer } from '../compose.ts'
import { loadConfig } from '../config/load.ts'
import { readMasterKeys } from '../config/master-key.ts'
import { MTLS_ORIGIN } from '../dev/demo-config.ts'
import { seed, type Seeded } from '../dev/seed.ts'
import { endOnSignals } from '../end-on-signals.ts'
import { print } from './context.ts'

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
      if (seeded.missing.length > 0) print(kept(seeded))
      const { configFile, masterKey } = seeded
      // Settings of an earlier version name no master key.
      const masterKeys = readMasterKeys(masterKey, configFile)
      const config = { masterKeys, ...loadConfig(configFile, process.env) }
      endOnSignals(await startServer(config, { development: true }))
      if (quiet !== true) print(welcome(seeded))
    })
}

/** Settings are the user's: whatever is new in ours, nobody writes into them. */
function kept({ configFile, missing }: Seeded): string {
  return `Your settings stay as they are: ${configFile}
They are without the newer demo ${missing.length === 1 ? 'client' : 'clients'} ${missing.join(' and ')}. To have fresh settings with everything, move the file away and start again:
  mv ${configFile} ${configFile}.before`
}

function welcome({ demo, configFile }: Seeded): string {
  const { mtls, signed } = demo.flow_clients
  const lines = [
    ['Issuer', demo.issuer],
    ['Metadata', `${demo.issuer}/.well-known/openid-configuration`],
    ['User', `${demo.user}, password ${demo.password}`],
    ['Client', `${demo.client_id}, private key in ${demo.client_key}`],
    mtls && ['Client', `mtls, certificate in ${mtls.certificate}, comes to ${MTLS_ORIGIN}`],
    signed && ['Client', `signed, private keys in ${signed.client_key} and beside it`],
    ['Settings', configFile],
  ].flatMap((line) => (line === undefined ? [] : [`  ${line[0]?.padEnd(13)}${line[1]}`]))
  const flows = ['', ...Object.keys(demo.flow_clients).map((name) => ` -- --client ${name}`)]
  return `
Signet is running, with the profile fapi2-security.

${lines.join('\n')}

Your browser will warn about the certificate until it trusts ${demo.ca}
(or run: NODE_EXTRA_CA_CERTS=${demo.ca} for a client in Node).

Try, in a second terminal:  ${flows.map((flags) => `npm run flow${flags}`).join('\n                            ')}
When something is refused:  npm run signet -- explain <event id> --config ${configFile}
Stop with Ctrl+C.`
}
