import { fixedClock } from '@signet/engine/testing'
import { contest, ISSUER } from '../../testing/contestant.ts'
import { openPostgres } from '../index.ts'

contest(async (server) => {
  const options = { server, clock: fixedClock(), retention: 86_400, migrate: true }
  return (await openPostgres(options)).store(ISSUER)
})
