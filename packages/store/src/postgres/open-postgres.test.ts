import { storeContract, type OpenedStores } from '@signet/engine/testing'
import { openPostgres, type PostgresOptions } from './open-postgres.ts'
import { databaseWith, serverForTests } from './testing/databases.ts'

const emptyDatabase = await databaseWith(await serverForTests({ fsync: false }), 'signet')

storeContract('PostgreSQL', async (clock, { unauthenticated }) =>
  opened({
    server: await emptyDatabase(),
    connections: 4,
    clock,
    retention: 86_400,
    unauthenticated,
  }),
)

async function opened(options: PostgresOptions): Promise<OpenedStores> {
  const database = await openPostgres(options)
  return {
    store: (issuer) => database.store(issuer),
    sweep: (budget) => database.sweep(budget),
    reopen: async () => {
      await database.close()
      return opened(options)
    },
    close: () => database.close(),
  }
}
