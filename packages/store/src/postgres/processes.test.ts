import { fixedClock } from '@signet/engine/testing'
import { ISSUER } from '../testing/contestant.ts'
import { processesContract } from '../testing/processes-contract.ts'
import { openPostgres } from './open-postgres.ts'
import { serverForTests } from './testing/databases.ts'

const server = await serverForTests({ fsync: false })

processesContract('PostgreSQL', {
  child: new URL('testing/child.ts', import.meta.url),
  place: () => server.createDatabase(),
  open: async (url) => {
    const database = await openPostgres({ server: url, clock: fixedClock(), retention: 86_400 })
    return { store: database.store(ISSUER), close: () => database.close() }
  },
})
