import {
  KEPT_AFTER_END,
  SessionsUnavailable,
  type SessionStore,
  type StoredSession,
} from '@signet/bff'
import type { Seconds } from '@signet/engine'
import { SESSION_COLUMNS, sessionOf, valuesOf } from '../bff-session-row.ts'
import { BFF } from './bff-schema.ts'
import type { Lanes } from './lanes.ts'
import { openLanes, type OpeningOptions } from './open-lanes.ts'
import type { Answer, Statement, Value } from './statement.ts'
import { sweepOf } from './sweep.ts'

export interface PostgresSessionsOptions extends OpeningOptions {
  /** The time of a migration; the clock of this machine by default. */
  readonly now?: (() => Seconds) | undefined
}

/** The sessions of a BFF in a database, opened by any number of processes. */
export interface PostgresSessions extends SessionStore {
  /** Lets go of the connections. What is asked afterwards is refused. */
  close(): Promise<void>
}

const SESSIONS = {
  create: {
    name: 'bff.create',
    text: `
      INSERT INTO signet_bff.sessions (${SESSION_COLUMNS})
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
  },
  get: {
    name: 'bff.get',
    text: `SELECT ${SESSION_COLUMNS} FROM signet_bff.sessions WHERE id = $1`,
  },
  replace: {
    name: 'bff.replace',
    text: `
      UPDATE signet_bff.sessions SET sealed = $1, version = version + 1
      WHERE id = $2 AND version = $3`,
  },
  touch: {
    name: 'bff.touch',
    text: 'UPDATE signet_bff.sessions SET last_seen_at = $1, expires_at = $2 WHERE id = $3',
  },
  delete: { name: 'bff.delete', text: 'DELETE FROM signet_bff.sessions WHERE id = $1' },
  withSid: {
    name: 'bff.withSid',
    text: `
      SELECT ${SESSION_COLUMNS} FROM signet_bff.sessions WHERE issuer = $1 AND sid = $2
      ORDER BY created_at DESC`,
  },
  ofSubject: {
    name: 'bff.ofSubject',
    text: `
      SELECT ${SESSION_COLUMNS} FROM signet_bff.sessions WHERE issuer = $1 AND subject = $2
      ORDER BY created_at DESC`,
  },
  lock: {
    name: 'bff.lock',
    text: `
      INSERT INTO signet_bff.leases AS lease (id, owner, ends) VALUES ($1, $2, $3)
      ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, ends = excluded.ends
      WHERE lease.ends <= $4`,
  },
  unlock: {
    name: 'bff.unlock',
    text: 'DELETE FROM signet_bff.leases WHERE id = $1 AND owner = $2',
  },
  put: {
    name: 'bff.put',
    text: 'INSERT INTO signet_bff.parcels (id, ends, sealed) VALUES ($1, $2, $3)',
  },
  take: {
    name: 'bff.take',
    text: `
      DELETE FROM signet_bff.parcels WHERE id = $1
      RETURNING CASE WHEN ends > $2 THEN sealed END AS sealed`,
  },
  first: {
    name: 'bff.first',
    text: `
      INSERT INTO signet_bff.marks AS mark (digest, ends) VALUES ($1, $2)
      ON CONFLICT (digest) DO UPDATE SET ends = excluded.ends WHERE mark.ends <= $3`,
  },
  count: {
    name: 'bff.count',
    text: 'SELECT count(*) AS alive FROM signet_bff.sessions WHERE expires_at > $1',
    slow: true,
  },
} as const satisfies Readonly<Record<string, Statement>>

const SWEEPS = {
  sessions: sweepOf('signet_bff.sessions', 'expires_at <= $1', 'expires_at'),
  leases: sweepOf('signet_bff.leases'),
  parcels: sweepOf('signet_bff.parcels'),
  marks: sweepOf('signet_bff.marks'),
}

/**
 * Opens the database. Each verb is one statement, committed when it answers: what one process did, the next one sees.
 *
 * @throws SchemaRefused when the schema is not ours, too old or too new; StoreUnavailable when the database cannot be reached.
 */
export async function openPostgresSessions(
  options: PostgresSessionsOptions,
): Promise<PostgresSessions> {
  const { now = () => Date.now() / 1_000 } = options
  return sessionsIn(await openLanes(options, { schema: BFF, now: now() }))
}

function sessionsIn(lanes: Lanes): PostgresSessions {
  const ask = async (statement: Statement, ...values: readonly Value[]): Promise<Answer> => {
    try {
      return await lanes.ask(statement, values)
    } catch (error) {
      throw new SessionsUnavailable('the database of sessions failed', { cause: error })
    }
  }
  const changed = async (statement: Statement, ...values: readonly Value[]): Promise<boolean> =>
    (await ask(statement, ...values)).count === 1
  const found = async (
    statement: Statement,
    ...values: readonly Value[]
  ): Promise<readonly StoredSession[]> => (await ask(statement, ...values)).rows.map(sessionOf)
  return {
    create: async (session) => void (await ask(SESSIONS.create, ...valuesOf(session))),
    get: async (id) => (await found(SESSIONS.get, id))[0],
    replace: (id, version, sealed) => changed(SESSIONS.replace, sealed, id, version),
    touch: (id, { lastSeenAt, expiresAt }) => changed(SESSIONS.touch, lastSeenAt, expiresAt, id),
    delete: (id) => changed(SESSIONS.delete, id),
    withSid: (issuer, sid) => found(SESSIONS.withSid, issuer, sid),
    ofSubject: (issuer, subject) => found(SESSIONS.ofSubject, issuer, subject),
    lock: ({ id, owner, now, until }) => changed(SESSIONS.lock, id, owner, until, now),
    unlock: async (id, owner) => void (await ask(SESSIONS.unlock, id, owner)),
    put: async (id, sealed, until) => void (await ask(SESSIONS.put, id, until, sealed)),
    take: async (id, now) => {
      const sealed = (await ask(SESSIONS.take, id, now)).rows[0]?.['sealed']
      return typeof sealed === 'string' ? sealed : undefined
    },
    first: (digest, until, now) => changed(SESSIONS.first, digest, until, now),
    count: async (now) => Number((await ask(SESSIONS.count, now)).rows[0]?.['alive']),
    sweep: async (now, budget) => {
      const sessions = await ask(SWEEPS.sessions, now - KEPT_AFTER_END, budget)
      const leases = await ask(SWEEPS.leases, now, budget)
      const parcels = await ask(SWEEPS.parcels, now, budget)
      const marks = await ask(SWEEPS.marks, now, budget)
      return sessions.count + leases.count + parcels.count + marks.count
    },
    close: () => lanes.close(),
  }
}
