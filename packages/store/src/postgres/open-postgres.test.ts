import { storeContract } from '@signet/engine/testing'
import { databaseWith, openedStores, serverForTests } from './testing/databases.ts'

const emptyDatabase = await databaseWith(await serverForTests({ fsync: false }), 'signet')

storeContract('PostgreSQL', async (clock, { unauthenticated }) =>
  openedStores({
    server: await emptyDatabase(),
    connections: 4,
    clock,
    retention: 86_400,
    unauthenticated,
  }),
)
