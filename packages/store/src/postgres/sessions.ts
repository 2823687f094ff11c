import type { Clock, Session, Sessions } from '@signet/engine'
import { Documents } from './documents.ts'
import { keyOf } from './key-of.ts'
import type { Ask, Row, Statement } from './statement.ts'

const SESSIONS = {
  put: {
    name: 'sessions.put',
    text: `
      INSERT INTO signet.sessions (service, key, ends, subject, clients, data)
      VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (service, key) DO UPDATE SET
        ends = excluded.ends, subject = excluded.subject, clients = excluded.clients, data = excluded.data`,
  },
  get: {
    name: 'sessions.get',
    text: `
      SELECT data, clients FROM signet.sessions WHERE service = $1 AND key = $2 AND ends > $3`,
  },
  // Who comes second waits for the first, and then looks at what the first has made of the row.
  join: {
    name: 'sessions.join',
    text: `
      UPDATE signet.sessions SET clients = coalesce(clients, '{}') || ARRAY[$4::text]
      WHERE service = $1 AND key = $2 AND ends > $3 AND NOT coalesce(clients, '{}') @> ARRAY[$4::text]`,
  },
  delete: {
    name: 'sessions.delete',
    text: `
      DELETE FROM signet.sessions WHERE service = $1 AND key = $2
      RETURNING data, clients, ends > $3 AS living`,
  },
  ofSubject: {
    name: 'sessions.ofSubject',
    text: `
      SELECT data, clients FROM signet.sessions
      WHERE service = $1 AND subject = $2 AND ends > $3 ORDER BY ends`,
    slow: true,
  },
  list: {
    name: 'sessions.list',
    text: `
      SELECT data, clients FROM signet.sessions WHERE service = $1 AND key > $2
      ORDER BY key LIMIT $3`,
    slow: true,
  },
} as const satisfies Readonly<Record<string, Statement>>

export function sessionsOf(ask: Ask, clock: Clock): Sessions {
  return {
    put: async ({ clients, ...session }) => {
      const joined = clients?.map((client) => JSON.stringify(client)) ?? null
      const key = keyOf(session.digest)
      const subject = keyOf(session.subject)
      const data = JSON.stringify(session)
      await ask(SESSIONS.put, key, session.expiresAt, subject, joined, data)
    },
    get: async (digest) => {
      const { rows } = await ask(SESSIONS.get, keyOf(digest), clock.now())
      return rows[0] && sessionOf(rows[0])
    },
    join: async (digest, clientId) =>
      void (await ask(SESSIONS.join, keyOf(digest), clock.now(), JSON.stringify(clientId))),
    delete: async (digest) => {
      const { rows } = await ask(SESSIONS.delete, keyOf(digest), clock.now())
      return rows[0]?.['living'] === true ? sessionOf(rows[0]) : undefined
    },
    ofSubject: async (subject) => {
      const { rows } = await ask(SESSIONS.ofSubject, keyOf(subject), clock.now())
      return rows.map(sessionOf)
    },
    list: async ({ after, limit }) =>
      (await ask(SESSIONS.list, keyOf(after), limit)).rows.map(sessionOf),
  }
}

const DOCUMENTS = new Documents<Session>()

function sessionOf(row: Row): Session {
  const session = DOCUMENTS.of(row)
  const { clients } = row
  if (!Array.isArray(clients)) return session
  return { ...session, clients: clients.map((client) => String(JSON.parse(String(client)))) }
}
