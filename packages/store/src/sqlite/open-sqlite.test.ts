import type { Clock } from '@signet/engine'
import { storeContract, type OpenedStores } from '@signet/engine/testing'
import { temporaryFile } from './testing/temporary-file.ts'
import { openSqlite } from './open-sqlite.ts'

storeContract('SQLite', async (clock) => opened(temporaryFile(), clock))

function opened(path: string, clock: Clock): OpenedStores {
  const database = openSqlite(path, { clock, retention: 86_400 })
  return {
    store: (issuer) => database.store(issuer),
    sweep: (budget) => database.sweep(budget),
    reopen: async () => {
      database.close()
      return opened(path, clock)
    },
    close: () => database.close(),
  }
}
