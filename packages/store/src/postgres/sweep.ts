import type { Seconds } from '@signet/engine'
import type { Lanes } from './lanes.ts'
import type { Statement } from './statement.ts'

/** How many rows of each table were forgotten, by the names of a metric. */
export type Swept = Readonly<Record<string, number>>

export interface Sweep {
  readonly now: Seconds
  /** How long an audit event is kept. */
  readonly retention: Seconds
  /** How many events that anybody can cause are kept. */
  readonly unauthenticated: number
  /** How many rows of a table, at most. */
  readonly budget: number
}

/**
 * Forgets what ended before a moment ($1), the oldest first. Rows that somebody else is about to change or sweep are left
 * to them, so that nobody waits and several may sweep at once. The array is asked for once, whatever the planner thinks.
 */
export function sweepOf(
  table: string,
  ended: string = 'ends <= $1',
  column: string = 'ends',
): Statement {
  return {
    name: `${table}.sweep`,
    text: `
      DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM ${table} WHERE ${ended} ORDER BY ${column} LIMIT $2 FOR UPDATE SKIP LOCKED
      ))`,
  }
}

const AT_THEIR_END = [
  'pushed_requests',
  'interactions',
  'codes',
  'attempts',
  'sessions',
  'grants',
  'opaque_tokens',
  'revocations',
  'status_lists',
  'status_revocations',
].map((table) => [table, sweepOf(`signet.${table}`)] as const)

/** A mark is believed through its last second. */
export const MARKS_ENDED = 'ends < $1'

const MARKS = sweepOf('signet.replay_marks', MARKS_ENDED)

const AUDIT = sweepOf('signet.audit')

/** A key that is neither published nor believed is of no use but to a thief. There are few: no budget. */
const KEYS: Statement = {
  name: 'keys.sweep',
  text: 'DELETE FROM signet.keys WHERE retires_at <= $1',
}

/** Only the oldest are looked at, as many as may go. */
const UNAUTHENTICATED: Statement = {
  name: 'unauthenticated_audit.sweep',
  text: `
    DELETE FROM signet.unauthenticated_audit WHERE id = ANY (ARRAY(
      SELECT id FROM signet.unauthenticated_audit
      WHERE id IN (SELECT id FROM signet.unauthenticated_audit ORDER BY id LIMIT $2)
      AND (
        ends < $1
        OR id <= (SELECT id FROM signet.unauthenticated_audit ORDER BY id DESC LIMIT 1 OFFSET $3)
      )
      FOR UPDATE SKIP LOCKED
    ))`,
}

export async function sweepTables(lanes: Lanes, sweep: Sweep): Promise<Swept> {
  const { now, retention, unauthenticated, budget } = sweep
  const swept: Record<string, number> = {}
  // One after the other: those who wait for an answer come first.
  const forget = async (table: string, statement: Statement, values: number[]): Promise<void> => {
    swept[table] = (await lanes.ask(statement, values)).count
  }
  for (const [table, statement] of AT_THEIR_END) await forget(table, statement, [now, budget])
  await forget('replay_marks', MARKS, [now, budget])
  await forget('keys', KEYS, [now])
  await forget('audit', AUDIT, [now - retention, budget])
  await forget('unauthenticated_audit', UNAUTHENTICATED, [now - retention, budget, unauthenticated])
  return swept
}
