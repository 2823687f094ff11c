import { SessionsUnavailable } from '@signet/bff'
import { sampleSession, sessionStoreContract } from '@signet/bff/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SchemaRefused } from '../schema-refused.ts'
import { openPostgresSessions } from './bff-sessions.ts'
import { databaseWith, serverForTests } from './testing/databases.ts'

const server = await serverForTests({ fsync: false })
const emptyDatabase = await databaseWith(server, 'signet_bff')

sessionStoreContract('PostgreSQL', async () => {
  const options = { server: await emptyDatabase(), connections: 2 }
  const one = await openPostgresSessions(options)
  const other = await openPostgresSessions(options)
  return {
    one,
    other,
    close: async () => {
      await one.close()
      await other.close()
    },
  }
})

test('sessions outlive the process', async () => {
  const options = { server: await emptyDatabase() }
  const before = await openPostgresSessions(options)
  await before.create(sampleSession())
  await before.close()
  const after = await openPostgresSessions(options)
  assert.deepEqual(await after.get('a digest'), sampleSession())
  await after.close()
})

test('says that the store is unavailable, not that there is no session', async () => {
  const sessions = await openPostgresSessions({ server: await emptyDatabase() })
  await sessions.close()
  await assert.rejects(sessions.get('a digest'), SessionsUnavailable)
  await assert.rejects(sessions.take('a login', 0), SessionsUnavailable)
})

test('makes its tables when it is told to, and never beside the word', async () => {
  const database = await server.createDatabase()
  await assert.rejects(openPostgresSessions({ server: database }), SchemaRefused)
  const sessions = await openPostgresSessions({ server: database, migrate: true })
  await sessions.create(sampleSession())
  await sessions.close()
})
