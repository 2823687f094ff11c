import { fixedClock } from '@signet/engine/testing'
import { tamperingContract } from '../testing/tampering-contract.ts'
import { openPostgres } from './open-postgres.ts'
import { databaseWith, serverForTests } from './testing/databases.ts'

const server = await serverForTests({ fsync: false })
const emptyDatabase = await databaseWith(server, 'signet')

tamperingContract('PostgreSQL', async () => {
  const url = await emptyDatabase()
  const database = await openPostgres({
    server: url,
    clock: fixedClock(),
    retention: 86_400,
    connections: 1,
  })
  return {
    store: database.store('https://as.example'),
    execute: (sql) => server.execute(url, `SET search_path = signet; ${sql}`),
    close: () => database.close(),
  }
})
