import type { Seconds } from '@signet/engine'
import { createHash } from 'node:crypto'
import type { Client } from 'pg'
import { SchemaRefused } from '../schema-refused.ts'
import { LET_GO_WHEN_GONE } from './connection.ts'

/** One step of a schema. Its place in the list is its version, counted from one. */
export interface Migration {
  readonly name: string
  /**
   * `expand` adds something: the release before goes on working with the schema. `contract` takes away what the release
   * before no longer uses; older ones cannot work after it.
   */
  readonly phase: 'expand' | 'contract'
  readonly sql: string
}

/** The tables of one purpose, in a schema of their own. */
export interface Schema {
  readonly name: string
  readonly migrations: readonly Migration[]
  /** What brings it up to date, in words for whoever starts something that needs it. */
  readonly remedy: string
}

/** A step that is behind a database. */
export interface AppliedMigration {
  readonly version: number
  readonly name: string
  readonly phase: 'expand' | 'contract'
  readonly appliedAt: Seconds
}

/** A step that a database has before it. */
export interface PlannedMigration extends Migration {
  readonly version: number
}

export interface MigrationStatus {
  readonly applied: readonly AppliedMigration[]
  /** What this release would do. */
  readonly pending: readonly PlannedMigration[]
  /** How many of `applied` a newer release made, and this one does not know. */
  readonly newer: number
}

/**
 * How far a schema is, and that its history is the one this release knows.
 *
 * @throws SchemaRefused when the schema is not ours, or was changed by other hands.
 */
export async function statusOf(client: Client, schema: Schema): Promise<MigrationStatus> {
  const { name, migrations } = schema
  const rows = await historyOf(client, name)
  for (const [index, { version, checksum }] of rows.entries()) {
    const known = migrations[index]
    const isKnown = known === undefined || checksum === checksumOf(known)
    if (version !== index + 1 || !isKnown) {
      throw new SchemaRefused(
        `version ${index + 1} of the schema ${name} is not the one this release of Signet knows`,
      )
    }
  }
  return {
    applied: rows.map(({ checksum: _, ...applied }) => applied),
    pending: migrations
      .map((migration, index) => ({ version: index + 1, ...migration }))
      .slice(rows.length),
    newer: Math.max(rows.length - migrations.length, 0),
  }
}

/**
 * Resolves when this release can work with a schema: nothing it needs is missing, and no newer release took anything away.
 *
 * @throws SchemaRefused otherwise, saying what to do.
 */
export async function requireSchema(client: Client, schema: Schema): Promise<void> {
  const { applied, pending, newer } = await statusOf(client, schema)
  const known = applied.length - newer
  const taken = applied.slice(known).find(({ phase }) => phase === 'contract')
  if (taken !== undefined) {
    throw new SchemaRefused(
      `the schema ${schema.name} has version ${taken.version}, which this release of Signet cannot work with ` +
        `(it knows ${known}): run a newer release`,
    )
  }
  if (pending.some(({ phase }) => phase === 'expand')) {
    throw new SchemaRefused(
      `the schema ${schema.name} has version ${known}, this release of Signet needs ` +
        `${schema.migrations.length}: ${schema.remedy} first`,
    )
  }
}

/**
 * Takes every step that is left, each in a transaction of its own, and answers those it took. Several processes may do so at
 * once: one goes first, the others find the work done. The lock belongs to the transaction, so that PgBouncer may pool them.
 *
 * @throws SchemaRefused
 */
export async function migrate(
  client: Client,
  schema: Schema,
  now: Seconds,
): Promise<readonly PlannedMigration[]> {
  const taken: PlannedMigration[] = []
  for (;;) {
    const next = await applyNext(client, schema, now)
    if (next === undefined) return taken
    taken.push(next)
  }
}

async function applyNext(
  client: Client,
  schema: Schema,
  now: Seconds,
): Promise<PlannedMigration | undefined> {
  // The others wait for one who works; whoever works does not let the requests under way wait long behind it.
  await client.query(
    `BEGIN; ${LET_GO_WHEN_GONE}; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '5min'`,
  )
  try {
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `migrations of ${schema.name}`,
    ])
    await client.query("SET LOCAL lock_timeout = '5s'")
    const [next] = (await statusOf(client, schema)).pending
    if (next !== undefined) await apply(client, schema, { ...next, now })
    await client.query('COMMIT')
    return next
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}

async function apply(
  client: Client,
  { name: schema }: Schema,
  { now, ...migration }: PlannedMigration & { readonly now: Seconds },
): Promise<void> {
  const { version, name, phase, sql } = migration
  if (version === 1) await makeHistory(client, schema)
  await client.query(sql)
  await client.query(
    `INSERT INTO ${schema}.migrations (version, name, phase, checksum, applied_at)
     VALUES ($1, $2, $3, $4, to_timestamp($5))`,
    [version, name, phase, checksumOf(migration), now],
  )
}

async function makeHistory(client: Client, schema: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema])
  // Where somebody else made the schema, nobody has to be allowed to make one.
  if (rowCount === 0) await client.query(`CREATE SCHEMA ${schema}`)
  await client.query(`
    CREATE TABLE ${schema}.migrations (
      version integer PRIMARY KEY,
      name text NOT NULL,
      phase text NOT NULL,
      checksum text NOT NULL,
      applied_at timestamptz NOT NULL
    )`)
}

async function historyOf(
  client: Client,
  schema: string,
): Promise<readonly (AppliedMigration & { readonly checksum: string })[]> {
  const tables = await client.query<{ readonly name: string }>(
    'SELECT tablename AS name FROM pg_tables WHERE schemaname = $1',
    [schema],
  )
  if (tables.rows.length === 0) return []
  if (!tables.rows.some(({ name }) => name === 'migrations')) {
    throw new SchemaRefused(`there is a schema ${schema}, but not one of Signet`)
  }
  const { rows } = await client.query<AppliedMigration & { readonly checksum: string }>(
    `SELECT version, name, phase, checksum, extract(epoch FROM applied_at)::double precision AS "appliedAt"
     FROM ${schema}.migrations ORDER BY version`,
  )
  return rows
}

function checksumOf({ sql, phase }: Migration): string {
  // How a statement is indented is not part of what it says.
  return createHash('sha256')
    .update(`${phase} ${sql.replace(/\s+/g, ' ').trim()}`)
    .digest('base64url')
}
