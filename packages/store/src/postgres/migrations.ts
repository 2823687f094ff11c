import type { Seconds } from '@signet/engine'
import { BFF } from './bff-schema.ts'
import { withClient, type PostgresConnection } from './connection.ts'
import { GUARD } from './guard-replay.ts'
import {
  migrate,
  statusOf,
  type MigrationStatus,
  type PlannedMigration,
  type Schema,
} from './migration.ts'
import { SIGNET } from './schema.ts'

/** Whose tables: those of an authorization server, of the sessions of a BFF, or of the used proofs of a guard. */
export type SchemaName = 'signet' | 'signet_bff' | 'signet_guard'

const SCHEMAS: Readonly<Record<SchemaName, Schema>> = {
  signet: SIGNET,
  signet_bff: BFF,
  signet_guard: GUARD,
}

/**
 * How far a schema is.
 *
 * @throws SchemaRefused when it is not ours, or was changed by other hands; StoreUnavailable
 */
export async function migrationStatus(
  connection: PostgresConnection,
  schema: SchemaName = 'signet',
): Promise<MigrationStatus> {
  return withClient(connection, (client) => statusOf(client, SCHEMAS[schema]))
}

/** What `applyMigrations` would do, with its statements. @throws as `migrationStatus` */
export async function planMigrations(
  connection: PostgresConnection,
  schema: SchemaName = 'signet',
): Promise<readonly PlannedMigration[]> {
  return (await migrationStatus(connection, schema)).pending
}

/**
 * Brings a schema to the version of this release, and answers the steps that were left. May run while the release before is at
 * work, and in several processes at once.
 *
 * @throws as `migrationStatus`
 */
export async function applyMigrations(
  connection: PostgresConnection,
  now: Seconds,
  schema: SchemaName = 'signet',
): Promise<readonly PlannedMigration[]> {
  return withClient(connection, (client) => migrate(client, SCHEMAS[schema], now))
}
