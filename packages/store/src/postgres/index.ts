export { SchemaRefused } from '../schema-refused.ts'
export type { PostgresConnection } from './connection.ts'
export {
  openPostgresReplay,
  type PostgresReplay,
  type PostgresReplayOptions,
} from './guard-replay.ts'
export type { AppliedMigration, Migration, MigrationStatus, PlannedMigration } from './migration.ts'
export { applyMigrations, migrationStatus, planMigrations, type SchemaName } from './migrations.ts'
export { openPostgres, type PostgresDatabase, type PostgresOptions } from './open-postgres.ts'
export type { Swept } from '../sweep.ts'
