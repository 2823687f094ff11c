import {
  UsernameTaken,
  type ClientRecord,
  type ClientRecords,
  type Consent,
  type Consents,
  type KeyRecord,
  type KeyRecords,
  type User,
  type Users,
} from '@signet/engine'
import { Documents } from './documents.ts'
import { stateOf, unavailable } from './failure.ts'
import { keyOf } from './key-of.ts'
import type { Ask, Statement } from './statement.ts'

const CONSENTS = {
  get: {
    name: 'consents.get',
    text: `
      SELECT data FROM signet.consents WHERE service = $1 AND subject = $2 AND client_id = $3`,
  },
  list: {
    name: 'consents.list',
    text: `
      SELECT data FROM signet.consents WHERE service = $1 AND (subject, client_id) > ($2, $3)
      ORDER BY subject, client_id LIMIT $4`,
    slow: true,
  },
  put: {
    name: 'consents.put',
    text: `
      INSERT INTO signet.consents (service, subject, client_id, data) VALUES ($1, $2, $3, $4)
      ON CONFLICT (service, subject, client_id) DO UPDATE SET data = excluded.data`,
  },
} as const satisfies Readonly<Record<string, Statement>>

export function consentsOf(ask: Ask): Consents {
  const documents = new Documents<Consent>()
  return {
    get: async (subject, clientId) =>
      documents.one(await ask(CONSENTS.get, keyOf(subject), keyOf(clientId))),
    put: async (consent) => {
      const { subject, clientId } = consent
      await ask(CONSENTS.put, keyOf(subject), keyOf(clientId), JSON.stringify(consent))
    },
    list: async ({ after: { subject, clientId }, limit }) =>
      documents.all(await ask(CONSENTS.list, keyOf(subject), keyOf(clientId), limit)),
  }
}

const USERS = {
  byUsername: {
    name: 'users.byUsername',
    text: 'SELECT data FROM signet.users WHERE service = $1 AND username = $2',
  },
  bySubject: {
    name: 'users.bySubject',
    text: 'SELECT data FROM signet.users WHERE service = $1 AND subject = $2',
  },
  list: {
    name: 'users.list',
    text: 'SELECT data FROM signet.users WHERE service = $1 ORDER BY username',
    slow: true,
  },
  put: {
    name: 'users.put',
    text: `
      INSERT INTO signet.users (service, subject, username, data) VALUES ($1, $2, $3, $4)
      ON CONFLICT (service, subject) DO UPDATE
      SET username = excluded.username, data = excluded.data`,
  },
  replace: {
    name: 'users.replace',
    text: 'UPDATE signet.users SET data = $4 WHERE service = $1 AND subject = $2 AND data = $3',
  },
} as const satisfies Readonly<Record<string, Statement>>

/** `unique_violation`; of a user it can only be about the username. */
const NOT_UNIQUE = '23505'

/** `send` is `ask`, but rejects with what the server said. */
export function usersOf(ask: Ask, send: Ask): Users {
  const documents = new Documents<User>()
  return {
    byUsername: async (username) => documents.one(await ask(USERS.byUsername, keyOf(username))),
    bySubject: async (subject) => documents.one(await ask(USERS.bySubject, keyOf(subject))),
    list: async () => documents.all(await ask(USERS.list)),
    put: async (user) => {
      try {
        await send(USERS.put, keyOf(user.subject), keyOf(user.username), JSON.stringify(user))
      } catch (error) {
        throw stateOf(error) === NOT_UNIQUE ? new UsernameTaken() : unavailable(error)
      }
    },
    replace: async (seen, user) => {
      // What was read gives the same text again.
      const [former, data] = [JSON.stringify(seen), JSON.stringify(user)]
      return (await ask(USERS.replace, keyOf(seen.subject), former, data)).count > 0
    },
  }
}

const CLIENTS = {
  get: {
    name: 'clients.get',
    text: 'SELECT data FROM signet.clients WHERE service = $1 AND client_id = $2',
  },
  list: {
    name: 'clients.list',
    text: 'SELECT data FROM signet.clients WHERE service = $1 ORDER BY client_id',
    slow: true,
  },
  put: {
    name: 'clients.put',
    text: `
      INSERT INTO signet.clients (service, client_id, data) VALUES ($1, $2, $3)
      ON CONFLICT (service, client_id) DO UPDATE SET data = excluded.data`,
  },
} as const satisfies Readonly<Record<string, Statement>>

export function clientRecordsOf(ask: Ask): ClientRecords {
  const documents = new Documents<ClientRecord>()
  return {
    get: async (clientId) => documents.one(await ask(CLIENTS.get, keyOf(clientId))),
    list: async () => documents.all(await ask(CLIENTS.list)),
    put: async (record) =>
      void (await ask(CLIENTS.put, keyOf(record.clientId), JSON.stringify(record))),
  }
}

const KEYS = {
  list: {
    name: 'keys.list',
    text: 'SELECT data FROM signet.keys WHERE service = $1 ORDER BY created_at, kid',
  },
  put: {
    name: 'keys.put',
    text: `
      INSERT INTO signet.keys (service, kid, created_at, retires_at, data) VALUES ($1, $2, $3, $4, $5)
      ON CONFLICT (service, kid) DO UPDATE SET
        created_at = excluded.created_at, retires_at = excluded.retires_at, data = excluded.data`,
  },
} as const satisfies Readonly<Record<string, Statement>>

export function keyRecordsOf(ask: Ask): KeyRecords {
  const documents = new Documents<KeyRecord>()
  return {
    list: async () => documents.all(await ask(KEYS.list)),
    put: async (record) => {
      const { kid, createdAt, retiresAt = null } = record
      await ask(KEYS.put, keyOf(kid), createdAt, retiresAt, JSON.stringify(record))
    },
  }
}
