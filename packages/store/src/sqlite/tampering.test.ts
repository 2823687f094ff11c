import { fixedClock } from '@signet/engine/testing'
import { DatabaseSync } from 'node:sqlite'
import { tamperingContract } from '../testing/tampering-contract.ts'
import { openSqlite } from './open-sqlite.ts'
import { temporaryFile } from './testing/temporary-file.ts'

tamperingContract('SQLite', async () => {
  const path = temporaryFile()
  const database = openSqlite(path, { clock: fixedClock(), retention: 86_400 })
  const other = new DatabaseSync(path)
  return {
    store: database.store('https://as.example'),
    execute: (sql) => other.exec(sql),
    close: () => {
      other.close()
      database.close()
    },
  }
})
