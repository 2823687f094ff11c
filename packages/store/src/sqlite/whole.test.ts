import { fixedClock } from '@signet/engine/testing'
import { wholeContract } from '../testing/whole-contract.ts'
import { openSqlite } from './open-sqlite.ts'
import { temporaryFile } from './testing/temporary-file.ts'

wholeContract('SQLite', async () => {
  const path = temporaryFile()
  const options = { clock: fixedClock(), retention: 86_400 }
  const [one, other] = [openSqlite(path, options), openSqlite(path, options)]
  return {
    one,
    other,
    close: () => {
      one.close()
      other.close()
    },
  }
})
