import { storeContract, type OpenedStores } from '@signet/engine/testing'
import { temporaryFile } from './testing/temporary-file.ts'
import { openSqlite, type SqliteOptions } from './open-sqlite.ts'

storeContract('SQLite', async (clock, { unauthenticated }) =>
  opened(temporaryFile(), { clock, retention: 86_400, unauthenticated }),
)

function opened(path: string, options: SqliteOptions): OpenedStores {
  const database = openSqlite(path, options)
  return {
    store: (issuer) => database.store(issuer),
    sweep: (budget) => database.sweep(budget),
    reopen: async () => {
      database.close()
      return opened(path, options)
    },
    close: () => database.close(),
  }
}
