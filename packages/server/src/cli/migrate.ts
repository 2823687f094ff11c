import type { PlannedMigration, PostgresConnection, SchemaName } from '@signet/store/postgres'
import { Option, type Command } from 'commander'
import { postgresConnection } from '../adapters/stores.ts'
import { systemClock } from '../adapters/system.ts'
import type { SessionsConfig } from '../bff/config.ts'
import type { StoreConfig } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { print, table, timeOf, UsageError, withConfig } from './context.ts'

/** What has a schema, and where. */
export interface Migrated {
  readonly store: StoreConfig | SessionsConfig
  readonly schema: SchemaName
}

export function addMigrate(program: Command): void {
  withActs(withConfig(program.command('migrate')), ({ config }): Migrated => ({
    store: loadConfig(config, process.env).store,
    schema: 'signet',
  }))
}

interface Options {
  readonly config: string
  readonly plan?: true
  readonly apply?: true
  readonly status?: true
}

/** The command in full, for what the options of the command name. */
export function withActs(command: Command, migrated: (options: Options) => Migrated): void {
  command
    .description('bring the schema of a PostgreSQL to the version of this release')
    .addOption(new Option('--plan', 'print what would be done, as SQL').conflicts('apply'))
    .addOption(new Option('--apply', 'do it').conflicts('status'))
    .addOption(new Option('--status', 'list what was done, and what is left').conflicts('plan'))
    .action(async (_: object, self: Command) => {
      const options: Options = self.optsWithGlobals()
      const { store, schema } = migrated(options)
      const connection = connectionTo(store)
      if (connection === undefined) print(NOTHING)
      else if (options.plan) print(await plan(connection, schema))
      else if (options.apply) print(await apply(connection, schema))
      else if (options.status) print(await status(connection, schema))
      else throw new UsageError('Which of them: --plan, --apply or --status?')
    })
}

const NOTHING =
  'Nothing is to be done: only PostgreSQL waits for this command. A file is brought up to date whenever it is opened.'
const UP_TO_DATE = 'The schema is up to date.'

/** Brings the schema up to date, if there is one that does not do so by itself. */
export async function bringUpToDate({ store, schema }: Migrated): Promise<void> {
  const connection = connectionTo(store)
  if (connection !== undefined) await apply(connection, schema)
}

function connectionTo(store: Migrated['store']): PostgresConnection | undefined {
  return 'postgres' in store ? postgresConnection(store.postgres) : undefined
}

async function plan(connection: PostgresConnection, schema: SchemaName): Promise<string> {
  const { planMigrations } = await import('@signet/store/postgres')
  const steps = await planMigrations(connection, schema)
  return steps.length === 0
    ? UP_TO_DATE
    : steps.map((step) => `-- ${titleOf(step)}\n${step.sql}`).join('\n')
}

async function apply(connection: PostgresConnection, schema: SchemaName): Promise<string> {
  const { applyMigrations } = await import('@signet/store/postgres')
  const steps = await applyMigrations(connection, systemClock.now(), schema)
  return steps.length === 0
    ? UP_TO_DATE
    : steps.map((step) => `Applied version ${titleOf(step)}`).join('\n')
}

function titleOf({ version, name, phase }: PlannedMigration): string {
  return `${version}, ${name} (${phase})`
}

async function status(connection: PostgresConnection, schema: SchemaName): Promise<string> {
  const { migrationStatus } = await import('@signet/store/postgres')
  const { applied, pending } = await migrationStatus(connection, schema)
  const rows = [
    ...applied.map((step) => ({ ...step, state: timeOf(step.appliedAt * 1_000) })),
    ...pending.map((step) => ({ ...step, state: 'to be applied' })),
  ].map(({ version, name, phase, state }) => [String(version), name, phase, state])
  return table([['VERSION', 'NAME', 'PHASE', 'APPLIED'], ...rows])
}
