import { createHash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { SchemaRefused } from '../schema-refused.ts'

/** One step of the schema. Its place in the list is its version, counted from one. */
export interface Migration {
  readonly name: string
  readonly sql: string
  /** What no statement can do, after them. */
  readonly run?: (database: DatabaseSync) => void
}

/** `Sgnt`, in the header of every file of ours. */
const APPLICATION_ID = 0x53676e74

/**
 * Brings the schema to the newest version, each step in a transaction of its own. Several processes may do so at once:
 * one goes first, the others find the work done.
 *
 * @throws SchemaRefused when the file is not ours, is newer than this release, or was changed by other hands.
 */
export function migrate(database: DatabaseSync, migrations: readonly Migration[]): void {
  while (appliedTo(database, migrations) < migrations.length) applyNext(database, migrations)
}

function applyNext(database: DatabaseSync, migrations: readonly Migration[]): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    const applied = appliedTo(database, migrations)
    const migration = migrations[applied]
    if (migration !== undefined) apply(database, migration, applied + 1)
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

function apply(database: DatabaseSync, migration: Migration, version: number): void {
  if (version === 1) {
    database.exec(`
      PRAGMA application_id = ${APPLICATION_ID};
      CREATE TABLE schema_version (
        version INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        checksum TEXT NOT NULL
      ) STRICT;
    `)
  }
  database.exec(migration.sql)
  migration.run?.(database)
  database
    .prepare('INSERT INTO schema_version (version, name, checksum) VALUES (?, ?, ?)')
    .run(version, migration.name, checksumOf(migration))
}

/**
 * The version of the schema of a file of ours, which this release knows or is newer than.
 *
 * @throws SchemaRefused as `migrate`, and when the file is empty.
 */
export function versionOf(database: DatabaseSync, migrations: readonly Migration[]): number {
  const version = appliedTo(database, migrations)
  if (version === 0) throw new SchemaRefused('the file is empty')
  return version
}

/** The version of the file; zero when it is empty. */
function appliedTo(database: DatabaseSync, migrations: readonly Migration[]): number {
  if (isEmpty(database)) return 0
  if (readNumber(database, 'PRAGMA application_id', 'application_id') !== APPLICATION_ID) {
    throw new SchemaRefused('the file is a database, but not one of Signet')
  }
  const rows = database
    .prepare('SELECT version, checksum FROM schema_version ORDER BY version')
    .all()
  if (rows.length > migrations.length) {
    throw new SchemaRefused(
      `the database has schema version ${rows.length}, this release of Signet knows ${migrations.length}: ` +
        'run a newer release, or restore a backup made before the upgrade',
    )
  }
  for (const [index, migration] of migrations.slice(0, rows.length).entries()) {
    const row = rows[index]
    if (row?.['version'] !== index + 1 || row['checksum'] !== checksumOf(migration)) {
      throw new SchemaRefused(
        `schema version ${index + 1} of the database is not the one this release of Signet knows`,
      )
    }
  }
  return rows.length
}

function isEmpty(database: DatabaseSync): boolean {
  return readNumber(database, 'SELECT count(*) AS tables FROM sqlite_schema', 'tables') === 0
}

function readNumber(database: DatabaseSync, sql: string, column: string): unknown {
  try {
    return database.prepare(sql).get()?.[column]
  } catch (error) {
    if (isNotADatabase(error)) throw new SchemaRefused('the file is not a database', error)
    throw error
  }
}

/** SQLITE_NOTADB and SQLITE_CORRUPT. */
function isNotADatabase(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && [26, 11].includes(Number(error.errcode))
}

function checksumOf(migration: Migration): string {
  // How a statement is indented is not part of what it says.
  return createHash('sha256').update(migration.sql.replace(/\s+/g, ' ')).digest('base64url')
}
