import {
  KEPT_AFTER_END,
  SessionsUnavailable,
  type SessionStore,
  type StoredSession,
} from '@signet/bff'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { SESSION_COLUMNS, sessionOf, valuesOf } from '../bff-session-row.ts'
import { BFF_MIGRATIONS } from './bff-schema.ts'
import { watchPlace } from './in-place.ts'
import { DURABLE } from './durable-file.ts'
import { migrate } from './migrate.ts'
import { Patience } from './patience.ts'
import { patiently } from './patiently.ts'
import { preparePrivateFile } from './private-file.ts'

type Row = Readonly<Record<string, unknown>>

/** The sessions of a BFF in one file, opened by any number of processes of one machine. */
export interface SqliteSessions extends SessionStore {
  /** Lets go of the file. What is asked afterwards is refused. */
  close(): void
}

/**
 * Opens the file, or makes it, readable by its owner only. Each verb is one statement, committed when it answers: what one
 * process did, the next one sees.
 *
 * @throws SchemaRefused when the file is not that of a BFF, or of a newer release.
 */
export function openSqliteSessions(path: string): SqliteSessions {
  preparePrivateFile(path)
  return patiently(() => openPrepared(path))
}

function openPrepared(path: string): SqliteSessions {
  const database = new DatabaseSync(path)
  try {
    const asking = askingOf(new Patience(database), watchPlace(path))
    migrate(database, BFF_MIGRATIONS)
    database.exec(DURABLE)
    return sessionsIn(database, asking)
  } catch (error) {
    database.close()
    throw error
  }
}

function sessionsIn(database: DatabaseSync, { run, row, rows }: Asking): SqliteSessions {
  const statements = prepare(database)
  return {
    create: async (session) =>
      void (await run(statements.create, ...valuesOf(session).map(wholeSeconds))),
    get: async (id) => {
      const found = await row(statements.get, id)
      return found === undefined ? undefined : sessionOf(found)
    },
    replace: async (id, version, sealed) =>
      (await run(statements.replace, sealed, id, version)) === 1,
    touch: async (id, { lastSeenAt, expiresAt }) =>
      (await run(statements.touch, Math.floor(lastSeenAt), Math.floor(expiresAt), id)) === 1,
    delete: async (id) => (await run(statements.delete, id)) === 1,
    withSid: (issuer, sid) => rows(statements.withSid, issuer, sid),
    ofSubject: (issuer, subject) => rows(statements.ofSubject, issuer, subject),
    lock: async ({ id, owner, now, until }) =>
      (await run(statements.lock, id, owner, Math.floor(until), Math.floor(now))) === 1,
    unlock: async (id, owner) => void (await run(statements.unlock, id, owner)),
    put: async (id, sealed, until) =>
      void (await run(statements.put, id, Math.floor(until), sealed)),
    take: async (id, now) => {
      const taken = await row(statements.take, id)
      return taken !== undefined && Number(taken['until']) > now
        ? String(taken['sealed'])
        : undefined
    },
    first: async (digest, until, now) =>
      (await run(statements.first, digest, Math.floor(until), Math.floor(now))) === 1,
    count: async (now) => Number((await row(statements.count, Math.floor(now)))?.['alive']),
    sweep: async (now, budget) => {
      const time = Math.floor(now)
      const swept = await Promise.all([
        run(statements.sweepSessions, time - KEPT_AFTER_END, budget),
        run(statements.sweepLeases, time, budget),
        run(statements.sweepParcels, time, budget),
        run(statements.sweepMarks, time, budget),
      ])
      return swept.reduce((sum, each) => sum + each, 0)
    },
    close: () => database.close(),
  }
}

type Ask<Result> = (
  statement: StatementSync,
  ...values: readonly SQLInputValue[]
) => Promise<Result>

interface Asking {
  readonly run: Ask<number>
  readonly row: Ask<Row | undefined>
  readonly rows: Ask<readonly StoredSession[]>
}

/** How statements are run: while nobody else has the file, and as long as it is the one that was opened. */
function askingOf(patience: Patience, requireInPlace: () => void): Asking {
  const ask = async <Value>(work: () => Value): Promise<Value> => {
    try {
      requireInPlace()
      return patience.attempt(work)
    } catch (error) {
      throw new SessionsUnavailable('the database of sessions failed', { cause: error })
    }
  }
  return {
    run: (statement, ...values) => ask(() => Number(statement.run(...values).changes)),
    row: (statement, ...values) => ask(() => statement.get(...values)),
    rows: (statement, ...values) => ask(() => statement.all(...values).map(sessionOf)),
  }
}

function prepare(database: DatabaseSync) {
  const sweep = (table: string, key: string, end: string): StatementSync =>
    database.prepare(
      `DELETE FROM ${table} WHERE ${key} IN (SELECT ${key} FROM ${table} WHERE ${end} <= ? LIMIT ?)`,
    )
  return {
    // By name: a newer release that opens the file may add a column.
    create: database.prepare(
      `INSERT INTO bff_sessions (${SESSION_COLUMNS}) VALUES (${'?, '.repeat(12)}?)`,
    ),
    get: database.prepare('SELECT * FROM bff_sessions WHERE id = ?'),
    replace: database.prepare(
      'UPDATE bff_sessions SET sealed = ?, version = version + 1 WHERE id = ? AND version = ?',
    ),
    touch: database.prepare(
      'UPDATE bff_sessions SET last_seen_at = ?, expires_at = ? WHERE id = ?',
    ),
    delete: database.prepare('DELETE FROM bff_sessions WHERE id = ?'),
    withSid: database.prepare(
      'SELECT * FROM bff_sessions WHERE issuer = ? AND sid = ? ORDER BY created_at DESC',
    ),
    ofSubject: database.prepare(
      'SELECT * FROM bff_sessions WHERE issuer = ? AND subject = ? ORDER BY created_at DESC',
    ),
    lock: database.prepare(`
      INSERT INTO bff_leases (id, owner, until) VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET owner = excluded.owner, until = excluded.until WHERE until <= ?
    `),
    unlock: database.prepare('DELETE FROM bff_leases WHERE id = ? AND owner = ?'),
    put: database.prepare('INSERT INTO bff_parcels (id, until, sealed) VALUES (?, ?, ?)'),
    take: database.prepare('DELETE FROM bff_parcels WHERE id = ? RETURNING until, sealed'),
    first: database.prepare(`
      INSERT INTO bff_marks (digest, until) VALUES (?, ?)
      ON CONFLICT DO UPDATE SET until = excluded.until WHERE until <= ?
    `),
    count: database.prepare('SELECT count(*) AS alive FROM bff_sessions WHERE expires_at > ?'),
    sweepSessions: sweep('bff_sessions', 'id', 'expires_at'),
    sweepLeases: sweep('bff_leases', 'id', 'until'),
    sweepParcels: sweep('bff_parcels', 'id', 'until'),
    sweepMarks: sweep('bff_marks', 'digest', 'until'),
  }
}

/** A moment is a whole second here. */
function wholeSeconds(value: SQLInputValue): SQLInputValue {
  return typeof value === 'number' ? Math.floor(value) : value
}
