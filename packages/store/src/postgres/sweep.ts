import type { AuditStream, Seconds } from '@signet/engine'
import { CLOCK_MARGIN } from '../clock-margin.ts'
import type { Sweep, Swept } from '../sweep.ts'
import type { Lanes } from './lanes.ts'
import type { Statement } from './statement.ts'

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
    slow: true,
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

/** A key that is neither published nor believed is of no use but to a thief. There are few: no budget. */
const KEYS: Statement = {
  name: 'keys.sweep',
  text: 'DELETE FROM signet.keys WHERE retires_at <= $1',
}

const AUDIT_SERVICES: Statement = {
  name: 'audit.services',
  text: 'SELECT service FROM signet.audit_chains WHERE stream = $1',
}

/**
 * Removes the oldest records of a chain, up to the first that stays: it did not happen before a moment ($3), and at most $4 are
 * kept with it. The chain is locked first, and what others removed meanwhile is behind it.
 */
const AUDIT: Statement = {
  name: 'audit.sweep',
  text: `
    WITH chain AS MATERIALIZED (
      SELECT sequence, removed FROM signet.audit_chains WHERE service = $1 AND stream = $2 FOR UPDATE
    ), oldest AS MATERIALIZED (
      SELECT row.sequence, row.hash, row.at < $3 OR row.sequence <= chain.sequence - $4 AS goes
      FROM chain CROSS JOIN LATERAL (
        SELECT sequence, hash, at FROM signet.audit_records
        WHERE service = $1 AND stream = $2 AND sequence > chain.removed ORDER BY sequence LIMIT $5
      ) AS row
    ), last AS MATERIALIZED (
      SELECT sequence, hash FROM oldest
      WHERE sequence < coalesce((SELECT min(sequence) FROM oldest WHERE NOT goes), sequence + 1)
      ORDER BY sequence DESC LIMIT 1
    ), anchored AS (
      UPDATE signet.audit_chains AS chain SET removed = last.sequence, removed_hash = last.hash
      FROM last WHERE chain.service = $1 AND chain.stream = $2
    )
    DELETE FROM signet.audit_records AS row USING last
    WHERE row.service = $1 AND row.stream = $2 AND row.sequence <= last.sequence`,
  slow: true,
}

interface Excess {
  readonly stream: AuditStream
  /** How many records of a chain are kept. */
  readonly kept: number
  readonly before: Seconds
  readonly budget: number
}

async function sweepAudit(lanes: Lanes, excess: Excess): Promise<number> {
  const { stream, kept, before, budget } = excess
  let swept = 0
  for (const { service } of (await lanes.ask(AUDIT_SERVICES, [stream])).rows) {
    const values = [Number(service), stream, before * 1_000, kept, budget - swept]
    swept += (await lanes.ask(AUDIT, values)).count
  }
  return swept
}

export async function sweepTables(lanes: Lanes, sweep: Sweep): Promise<Swept> {
  const { now, retention, unauthenticated, budget } = sweep
  const swept: Record<string, number> = {}
  // One after the other: those who wait for an answer come first.
  const forget = async (table: string, statement: Statement, values: number[]): Promise<void> => {
    swept[table] = (await lanes.ask(statement, values)).count
  }
  const ended = now - CLOCK_MARGIN
  for (const [table, statement] of AT_THEIR_END) await forget(table, statement, [ended, budget])
  await forget('replay_marks', MARKS, [ended, budget])
  await forget('keys', KEYS, [now])
  const before = now - retention
  const all = Number.MAX_SAFE_INTEGER
  return {
    ...swept,
    audit: await sweepAudit(lanes, { stream: 'trusted', kept: all, before, budget }),
    unauthenticated_audit: await sweepAudit(lanes, {
      stream: 'strangers',
      kept: unauthenticated,
      before,
      budget,
    }),
  }
}
