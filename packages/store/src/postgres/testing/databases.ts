import { after } from 'node:test'
import { applyMigrations, type SchemaName } from '../migrations.ts'
import { startTestServer, type TestServer, type TestServerOptions } from './server.ts'

/** A server for the tests of one file. */
export async function serverForTests(options: TestServerOptions): Promise<TestServer> {
  const server = await startTestServer(options)
  after(() => server.dispose())
  return server
}

/** Makes databases that have a schema already, which is quicker than giving each its own. */
export async function databasesWith(
  server: TestServer,
  schema: SchemaName,
): Promise<() => Promise<string>> {
  const template = `template_${schema}`
  await server.execute(server.url('postgres'), `CREATE DATABASE ${template} TEMPLATE template0`)
  await applyMigrations({ server: server.url(template) }, 0, schema)
  return () => server.createDatabase(template)
}
