import { takeAttempt, type Attempts } from '@signet/engine'
import { keyOf } from './key-of.ts'
import type { Ask, Statement } from './statement.ts'

/**
 * The arithmetic of `takeAttempt`, where the row is locked. $3 is now, $4 the refill, $5 how long an empty bucket takes to be full. A
 * refused attempt leaves `ends` as it was.
 */
const MISSING = 'least(greatest(row.ends - $3, 0), $5::double precision)'

const TAKE: Statement = {
  name: 'attempts.take',
  text: `
    INSERT INTO signet.attempts AS row (service, key, ends, taken)
    VALUES ($1, $2, $3::double precision + $4::double precision, true)
    ON CONFLICT (service, key) DO UPDATE SET
      taken = ${MISSING} + $4 <= $5,
      ends = CASE WHEN ${MISSING} + $4 <= $5 THEN $3 + ${MISSING} + $4 ELSE row.ends END
    RETURNING taken, ends`,
}

const CLEAR: Statement = {
  name: 'attempts.clear',
  text: 'DELETE FROM signet.attempts WHERE service = $1 AND key = $2',
}

export function attemptsOf(ask: Ask): Attempts {
  return {
    take: async (key, policy, now) => {
      const { burst, refill } = policy
      const { rows } = await ask(TAKE, keyOf(key), now, refill, burst * refill)
      const { taken, ends } = rows[0] ?? {}
      return taken === true ? 0 : takeAttempt(Number(ends), policy, now).wait
    },
    clear: async (key) => void (await ask(CLEAR, keyOf(key))),
  }
}
