import { fixedClock } from '@signet/engine/testing'
import { wholeContract } from '../testing/whole-contract.ts'
import { openPostgres } from './open-postgres.ts'
import { databaseWith, serverForTests } from './testing/databases.ts'

const emptyDatabase = await databaseWith(await serverForTests({ fsync: false }), 'signet')

wholeContract('PostgreSQL', async () => {
  const server = await emptyDatabase()
  const options = { server, connections: 2, clock: fixedClock(), retention: 86_400 }
  const [one, other] = [await openPostgres(options), await openPostgres(options)]
  return {
    one,
    other,
    close: async () => {
      await one.close()
      await other.close()
    },
  }
})
