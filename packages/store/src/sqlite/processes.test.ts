import { fixedClock } from '@signet/engine/testing'
import { ISSUER } from '../testing/contestant.ts'
import { processesContract } from '../testing/processes-contract.ts'
import { openSqlite } from './open-sqlite.ts'
import { temporaryFile } from './testing/temporary-file.ts'

processesContract('SQLite', {
  child: new URL('testing/child.ts', import.meta.url),
  place: async () => temporaryFile(),
  open: async (path) => {
    const database = openSqlite(path, { clock: fixedClock(), retention: 86_400 })
    return { store: database.store(ISSUER), close: () => database.close() }
  },
})
