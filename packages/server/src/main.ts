#!/usr/bin/env node
import { InvalidClient, Misconfigured } from '@signet/engine'
import { Command } from 'commander'
import { DeclarationClash } from './adapters/declarations.ts'
import { addClient } from './cli/client.ts'
import { addConfig } from './cli/config.ts'
import { UsageError } from './cli/context.ts'
import { addDev } from './cli/dev.ts'
import { addExplain } from './cli/explain.ts'
import { addKeys } from './cli/keys.ts'
import { addServe } from './cli/serve.ts'
import { addUser } from './cli/user.ts'
import { InvalidConfig } from './config/problems.ts'

const program = new Command('signet')
  .description('FAPI 2.0 authorization server')
  .showHelpAfterError('(signet --help shows what there is)')
  .showSuggestionAfterError()

for (const add of [addServe, addDev, addClient, addUser, addKeys, addConfig, addExplain])
  add(program)

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`${message(error)}\n`)
  process.exitCode = 2
}

/** Mistakes of the operator are told in one sentence; anything else is ours and comes with its stack. */
function message(error: unknown): string | undefined {
  if (!(error instanceof Error)) return String(error)
  return isExpected(error) ? error.message : error.stack
}

function isExpected(error: Error): boolean {
  return (
    [DeclarationClash, InvalidConfig, InvalidClient, Misconfigured, UsageError].some(
      (kind) => error instanceof kind,
    ) ||
    ('code' in error && (error.code === 'EADDRINUSE' || error.code === 'ENOENT'))
  )
}
