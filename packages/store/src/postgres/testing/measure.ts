/**
 * Prints the CPU of this process, not that of the server, that the store's part of a whole flow costs on a server of its own,
 * whose commits wait for the disk; and how many flows a second are done while both share the machine:
 *
 *     node --conditions=source packages/store/src/postgres/testing/measure.ts [prefilled flows] [connections]
 */
import { fixedClock } from '@signet/engine/testing'
import { measure } from '../../testing/measure.ts'
import { openPostgres } from '../index.ts'
import { startPgBouncer } from './pg-bouncer.ts'
import { startTestServer } from './server.ts'

const prefilled = Number(process.argv[2] ?? 0)
const connections = Number(process.argv[3] ?? 10)
const ISSUER = 'https://as.example'

const server = await startTestServer({ fsync: true })
try {
  const options = { clock: fixedClock(), retention: 86_400, migrate: true, connections }
  const direct = await openPostgres({ ...options, server: server.url('postgres') })
  await measure('postgres', direct.store(ISSUER), prefilled)
  await direct.close()

  const bouncer = await startPgBouncer(server)
  const url = bouncer.url('postgres')
  const behind = await openPostgres({ ...options, server: url, prepare: false })
  await measure('behind PgBouncer', behind.store(ISSUER), 0)
  await behind.close()
  await bouncer.dispose()
} finally {
  await server.dispose()
}
