import { StoreUnavailable, type Clock, type Mark, type Replay } from '@signet/engine'
import { stateOf, unavailable } from './failure.ts'
import { keyOf } from './key-of.ts'
import type { Answer, Ask, Statement } from './statement.ts'

/** `division_by_zero`: how the statement below takes back what it did. */
const TAKEN_BACK = '22012'

/** Each time somebody else must have marked one of the statements in the meantime. */
const TRIES = 10

/**
 * Marks all, or none, in one statement. What was marked before is seen by looking; what others mark at the same moment is
 * noticed by the rows that could not be added, after they are done. If some could and some could not, the statement fails, so
 * that nothing of it stays. Marks are added in the order of their keys: who waits for whom is then never a circle.
 *
 * A mark is believed through its last second. $4 is now.
 */
function firstIn(table: string): Statement {
  return {
    name: `${table}.first`,
    text: `
      WITH given AS (
        SELECT * FROM unnest($2::text[], $3::double precision[]) WITH ORDINALITY AS given (key, ends, place)
      ), seen AS (
        SELECT min(place) AS place FROM given
        WHERE EXISTS (
          SELECT FROM ${table} AS mark WHERE mark.service = $1 AND mark.key = given.key AND mark.ends >= $4
        )
      ), added AS (
        INSERT INTO ${table} AS mark (service, key, ends)
        SELECT $1, key, ends FROM given WHERE (SELECT place FROM seen) IS NULL ORDER BY key COLLATE "C"
        ON CONFLICT (service, key) DO UPDATE SET ends = excluded.ends WHERE mark.ends < $4
        RETURNING key
      )
      SELECT coalesce(
        (SELECT place FROM seen),
        CASE (SELECT count(*) FROM added)
          WHEN (SELECT count(*) FROM given) THEN NULL
          WHEN 0 THEN 1
          ELSE 1 / (SELECT 0 FROM added LIMIT 1)
        END
      ) AS place`,
  }
}

/** `send` is an `Ask` that rejects with what the server said. */
export function replayOf(send: Ask, table: string, clock: Pick<Clock, 'now'>): Replay {
  const statement = firstIn(table)
  return {
    async first(marks) {
      if (marks.length === 0) return undefined
      const keys = marks.map(({ digest }) => keyOf(digest))
      const repeated = keys.findIndex((key, index) => keys.indexOf(key) < index)
      if (repeated >= 0) return marks[repeated]
      const ends = marks.map(({ until }) => until)
      for (let tries = 0; tries < TRIES; tries += 1) {
        const place = await sent(() => send(statement, keys, ends, clock.now()))
        if (place !== TAKEN_BACK) return placed(marks, place)
      }
      throw new StoreUnavailable('others kept marking the same statements')
    },
  }
}

async function sent(send: () => Promise<Answer>): Promise<unknown> {
  try {
    return (await send()).rows[0]?.['place']
  } catch (error) {
    if (stateOf(error) === TAKEN_BACK) return TAKEN_BACK
    throw unavailable(error)
  }
}

/** Counted from one; bigints come as text. */
function placed(marks: readonly Mark[], place: unknown): Mark | undefined {
  return place === null ? undefined : marks[Number(place) - 1]
}
