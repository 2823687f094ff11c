#!/usr/bin/env node
import { InvalidClient, Misconfigured, StoreUnavailable } from '@signet/engine'
import { SchemaRefused } from '@signet/store/sqlite'
import { Command } from 'commander'
import cluster from 'node:cluster'
import { readFileSync } from 'node:fs'
import { DeclarationClash } from './adapters/declarations.ts'
import { MasterKeyRefused } from './adapters/sealed-keys.ts'
import { addAudit } from './cli/audit.ts'
import { addBackup } from './cli/backup.ts'
import { addBff } from './cli/bff.ts'
import { addClient } from './cli/client.ts'
import { addConfig } from './cli/config.ts'
import { UsageError } from './cli/context.ts'
import { addDev } from './cli/dev.ts'
import { addExplain } from './cli/explain.ts'
import { addTransfer } from './cli/transfer.ts'
import { addKeys } from './cli/keys.ts'
import { addMigrate } from './cli/migrate.ts'
import { addRevoke } from './cli/revoke.ts'
import { addServe } from './cli/serve.ts'
import { addUser } from './cli/user.ts'
import { InvalidConfig } from './config/problems.ts'

const { version }: { readonly version: string } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
)

const program = new Command('signet')
  .version(version)
  .description('FAPI 2.0 authorization server')
  .showHelpAfterError('(signet --help shows what there is)')
  .showSuggestionAfterError()

for (const add of [
  addServe,
  addDev,
  addBff,
  addClient,
  addUser,
  addRevoke,
  addKeys,
  addConfig,
  addExplain,
  addAudit,
  addMigrate,
  addBackup,
  addTransfer,
])
  add(program)

const EXPECTED = [
  DeclarationClash,
  InvalidClient,
  InvalidConfig,
  MasterKeyRefused,
  Misconfigured,
  SchemaRefused,
  StoreUnavailable,
  UsageError,
]

process.stdout.on('error', (error: Error) => {
  // Whoever reads has seen enough, as `head` does.
  if ('code' in error && error.code === 'EPIPE') process.exit()
  throw error
})

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`${message(error)}\n`)
  process.exitCode = 2
  // The channel to its primary would keep a worker alive.
  if (cluster.isWorker) process.exit()
}

/** What the operator can do something about is told in one sentence; anything else is ours and comes with its stack. */
function message(error: unknown): string | undefined {
  if (!(error instanceof Error)) return String(error)
  return isExpected(error) ? error.message : error.stack
}

function isExpected(error: Error): boolean {
  // To know the class of the last one, every command would have to load a client of Redis.
  const isKnown = EXPECTED.some((kind) => error instanceof kind) || error.name === 'RedisRefused'
  return isKnown || isOfTheSystem(error)
}

/** A port that is taken, a file that is not there or not ours to read. */
function isOfTheSystem(error: Error): boolean {
  return 'syscall' in error
}
