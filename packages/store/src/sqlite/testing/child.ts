import { fixedClock } from '@signet/engine/testing'
import { contest, ISSUER } from '../../testing/contestant.ts'
import { openSqlite } from '../index.ts'

contest(async (path) => openSqlite(path, { clock: fixedClock(), retention: 86_400 }).store(ISSUER))
