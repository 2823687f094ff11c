import type {
  Audit,
  ClientRecords,
  Clock,
  Consents,
  Grants,
  KeyRecords,
  OpaqueTokens,
  Page,
  Revocations,
  Sessions,
  StatusLists,
  Users,
} from '@signet/engine'
import type { Tables } from './tables.ts'

export function sessionsOf(tables: Tables, service: number, clock: Clock): Sessions {
  const rows = tables.sessions
  return {
    put: async (session) =>
      rows.put(service, session.digest, { value: session, ends: session.expiresAt }),
    get: async (digest) => rows.living(service, digest, clock.now()),
    join: async (digest, clientId) => rows.join(service, { digest, clientId, now: clock.now() }),
    delete: async (digest) => rows.end(service, digest, clock.now()),
    ofSubject: async (subject) =>
      rows.ofSubject(service, subject).filter((row) => row.expiresAt > clock.now()),
    list: async (page) => rows.list(service, page).map(({ value }) => value),
  }
}

export function consentsOf(tables: Tables, service: number): Consents {
  const rows = tables.consents
  return {
    get: async (subject, clientId) => rows.get(service, subject, clientId),
    put: async (consent) => rows.put(service, consent),
    list: async (page) => rows.list(service, page),
  }
}

export function grantsOf(tables: Tables, service: number): Grants {
  const rows = tables.grants
  return {
    put: async (grant) => rows.put(service, grant.id, { value: grant, ends: grant.expiresAt }),
    get: async (id) => rows.get(service, id),
    ofSubject: async (subject) => rows.ofSubject(service, subject),
    list: async (page) => rows.list(service, page).map(({ value }) => value),
    replaceStatus: async (id, change) => rows.replaceStatus(service, id, change),
  }
}

export function opaqueTokensOf(tables: Tables, service: number): OpaqueTokens {
  const rows = tables.opaqueTokens
  return {
    put: async (token) => rows.put(service, token.digest, { value: token, ends: token.expiresAt }),
    get: async (digest) => rows.get(service, digest),
  }
}

export function revocationsOf(tables: Tables, service: number): Revocations {
  const rows = tables.revocations
  return {
    add: async (id, until) => rows.prolong(service, id, until),
    anyOf: async (ids) => rows.anyOf(service, ids),
    list: async (page) =>
      rows.list(service, page).map(({ key, ends }) => ({ id: key, until: ends })),
  }
}

/** Minus one: SQLite knows no limit then. */
const EVERY_ROW: Page = { after: '', limit: -1 }

export function statusListsOf(tables: Tables, service: number, clock: Clock): StatusLists {
  const { counters, statusLists, statusRevocations } = tables
  return {
    take: async (count) => counters.take(service, 'status', count),
    keep: async (list, until) => statusLists.prolong(service, String(list), until),
    revoke: async (list, index, until) =>
      statusRevocations.prolong(service, `${list}.${index}`, until),
    revoked: async (list) => {
      const published = statusLists.find(service, String(list))
      if (published === undefined || published.ends <= clock.now()) return undefined
      return statusRevocations.ofList(service, list)
    },
    state: async () => ({
      taken: counters.next(service, 'status'),
      published: statusLists
        .list(service, EVERY_ROW)
        .map(({ key, ends }) => ({ list: Number(key), until: ends }))
        .toSorted((one, other) => one.list - other.list),
      revoked: statusRevocations
        .list(service, EVERY_ROW)
        .map(({ key, ends }) => {
          const [list, index] = key.split('.').map(Number)
          return { list: list ?? 0, index: index ?? 0, until: ends }
        })
        .toSorted((one, other) => one.list - other.list || one.index - other.index),
    }),
  }
}

export function usersOf(tables: Tables, service: number): Users {
  const rows = tables.users
  return {
    byUsername: async (username) => rows.byUsername(service, username),
    bySubject: async (subject) => rows.bySubject(service, subject),
    list: async () => rows.list(service),
    put: async (user) => rows.put(service, user),
    replace: async (seen, user) => rows.replace(service, seen, user),
  }
}

export function clientRecordsOf(tables: Tables, service: number): ClientRecords {
  const rows = tables.clients
  return {
    get: async (clientId) => rows.get(service, clientId),
    list: async () => rows.list(service),
    put: async (record) => rows.put(service, record),
  }
}

export function keyRecordsOf(tables: Tables, service: number): KeyRecords {
  const rows = tables.keys
  return {
    list: async () => rows.list(service),
    put: async (record) => rows.put(service, record),
  }
}

export function auditOf(tables: Tables, service: number): Audit {
  const { audit } = tables
  return {
    record: async (event) => audit.record(service, event),
    find: async (id) => audit.find(service, id),
    chain: async (stream) => audit.chain({ service, stream }),
    read: async (page) => audit.read(service, page),
  }
}
