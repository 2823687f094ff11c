import type { OpenedStores } from '@signet/engine/testing'
import { after } from 'node:test'
import { openPostgres, type PostgresOptions } from '../open-postgres.ts'
import { applyMigrations, type SchemaName } from '../migrations.ts'
import { startTestServer, type TestServer, type TestServerOptions } from './server.ts'

/** A server for the tests of one file. */
export async function serverForTests(options: TestServerOptions): Promise<TestServer> {
  const server = await startTestServer(options)
  after(() => server.dispose())
  return server
}

/**
 * A database with a schema, for tests that follow each other: its rows are gone whenever it is asked for. To make another
 * one would take ten times as long.
 */
export async function databaseWith(
  server: TestServer,
  schema: SchemaName,
): Promise<() => Promise<string>> {
  const url = await server.createDatabase()
  await applyMigrations({ server: url }, 0, schema)
  const tables = await server.execute(
    url,
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = '${schema}' AND tablename <> 'migrations'`,
  )
  const empty = tables.map(({ name }) => `DELETE FROM ${schema}.${String(name)}`).join('; ')
  return async () => {
    await server.execute(url, empty)
    return url
  }
}

/** The name of the database of a URL. */
export function databaseOf(url: string): string {
  return /\/([^/?]+)\?/.exec(url)?.[1] ?? ''
}

/** Stores as their contract wants them. */
export async function openedStores(options: PostgresOptions): Promise<OpenedStores> {
  const database = await openPostgres(options)
  return {
    store: (issuer) => database.store(issuer),
    sweep: (budget) => database.sweep(budget),
    reopen: async () => {
      await database.close()
      return openedStores(options)
    },
    close: () => database.close(),
  }
}
