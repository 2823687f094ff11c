import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../../ports.ts'
import {
  UsernameTaken,
  type ClientRecord,
  type ClientRecords,
  type KeyRecord,
  type KeyRecords,
  type User,
  type Users,
} from '../../store/administration.ts'
import type {
  Consent,
  Consents,
  Grant,
  Grants,
  OpaqueToken,
  OpaqueTokens,
  Revocations,
  Session,
  Sessions,
} from '../../store/durable.ts'
import type { StatusLists } from '../../store/status-lists.ts'
import type { Page, Seconds } from '../../store/values.ts'
import { ExpiringMap } from './expiring-map.ts'

export function sessionsIn(clock: Clock): Sessions {
  const rows = new ExpiringMap<Session>(clock, (session) => session.expiresAt)
  return {
    put: async (session) => rows.set(session.digest, session),
    get: async (digest) => rows.living(digest),
    join: async (digest, clientId) => {
      const session = rows.living(digest)
      const { clients = [] } = session ?? {}
      if (session === undefined || clients.includes(clientId)) return
      rows.set(digest, { ...session, clients: [...clients, clientId] })
    },
    delete: async (digest) => {
      const session = rows.living(digest)
      rows.delete(digest)
      return session
    },
    ofSubject: async (subject) =>
      rows
        .all()
        .filter((session) => session.subject === subject && session.expiresAt > clock.now()),
    list: async (page) => pageOf(rows.entries(), page).map(([, session]) => session),
  }
}

export function consentsInMemory(): Consents {
  const rows = new Map<string, Consent>()
  return {
    get: async (subject, clientId) => rows.get(keyOf(subject, clientId)),
    put: async (consent) => void rows.set(keyOf(consent.subject, consent.clientId), consent),
    list: async ({ after: { subject, clientId }, limit }) =>
      pageOf(rows, { after: subject === '' ? '' : keyOf(subject, clientId), limit }).map(
        ([, consent]) => consent,
      ),
  }
}

/** Rows in the order of their keys. */
function pageOf<Row>(
  rows: Iterable<readonly [string, Row]>,
  { after, limit }: Page,
): readonly (readonly [string, Row])[] {
  return [...rows]
    .filter(([key]) => key > after)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .slice(0, limit)
}

function keyOf(subject: string, clientId: string): string {
  return JSON.stringify([subject, clientId])
}

export function grantsIn(clock: Clock): Grants {
  const rows = new ExpiringMap<Grant>(clock, (grant) => grant.expiresAt)
  return {
    put: async (grant) => rows.set(grant.id, grant),
    get: async (id) => rows.get(id),
    ofSubject: async (subject) =>
      rows.all().filter(({ authorization }) => authorization.subject === subject),
    list: async (page) => pageOf(rows.entries(), page).map(([, grant]) => grant),
    replaceStatus: async (id, { from, to }) => {
      const grant = rows.get(id)
      if (grant === undefined || grant.status !== from) return grant?.status
      rows.set(id, { ...grant, status: to })
      return to
    },
  }
}

export function opaqueTokensIn(clock: Clock): OpaqueTokens {
  const rows = new ExpiringMap<OpaqueToken>(clock, (token) => token.expiresAt)
  return {
    put: async (token) => rows.set(token.digest, token),
    get: async (digest) => rows.get(digest),
  }
}

export function revocationsIn(clock: Clock): Revocations {
  const rows = new ExpiringMap<Seconds>(clock, (until) => until)
  return {
    add: async (id, until) => rows.set(id, Math.max(until, rows.get(id) ?? until)),
    anyOf: async (ids) => ids.some((id) => rows.get(id) !== undefined),
    list: async (page) => pageOf(rows.entries(), page).map(([id, until]) => ({ id, until })),
  }
}

export function statusListsIn(clock: Clock): StatusLists {
  const lists = new ExpiringMap<Seconds>(clock, (until) => until)
  const marks = new Map<number, Map<number, Seconds>>()
  let taken = 0
  return {
    take: async (count) => {
      taken += count
      return taken - count
    },
    keep: async (list, until) => lists.set(`${list}`, Math.max(until, lists.get(`${list}`) ?? 0)),
    revoke: async (list, index, until) => {
      const ofList = marks.get(list) ?? new Map<number, Seconds>()
      marks.set(list, ofList)
      ofList.set(index, Math.max(until, ofList.get(index) ?? 0))
    },
    revoked: async (list) => {
      const ofList = marks.get(list) ?? new Map<number, Seconds>()
      for (const [index, until] of ofList) if (until <= clock.now()) ofList.delete(index)
      if (lists.living(`${list}`) === undefined) return undefined
      return [...ofList.keys()].toSorted((one, other) => one - other)
    },
    state: async () => ({
      taken,
      published: [...lists.entries()]
        .map(([list, until]) => ({ list: Number(list), until }))
        .toSorted((one, other) => one.list - other.list),
      revoked: [...marks]
        .flatMap(([list, ofList]) => [...ofList].map(([index, until]) => ({ list, index, until })))
        .toSorted((one, other) => one.list - other.list || one.index - other.index),
    }),
  }
}

export function usersInMemory(): Users {
  const bySubject = new Map<string, User>()
  const byUsername = new Map<string, User>()
  return {
    byUsername: async (username) => byUsername.get(username),
    bySubject: async (subject) => bySubject.get(subject),
    list: async () =>
      [...byUsername.keys()].toSorted().flatMap((name) => byUsername.get(name) ?? []),
    put: async (user) => {
      const holder = byUsername.get(user.username)
      if (holder !== undefined && holder.subject !== user.subject) throw new UsernameTaken()
      byUsername.delete(bySubject.get(user.subject)?.username ?? user.username)
      bySubject.set(user.subject, user)
      byUsername.set(user.username, user)
    },
    replace: async (seen, user) => {
      if (!isDeepStrictEqual(bySubject.get(seen.subject), seen)) return false
      bySubject.set(user.subject, user)
      byUsername.set(user.username, user)
      return true
    },
  }
}

export function clientRecordsInMemory(): ClientRecords {
  const rows = new Map<string, ClientRecord>()
  return {
    get: async (clientId) => rows.get(clientId),
    list: async () => [...rows.keys()].toSorted().flatMap((id) => rows.get(id) ?? []),
    put: async (record) => void rows.set(record.clientId, record),
  }
}

export function keyRecordsInMemory(): KeyRecords {
  const rows = new Map<string, KeyRecord>()
  return {
    list: async () => [...rows.values()].toSorted((one, other) => one.createdAt - other.createdAt),
    put: async (record) => void rows.set(record.kid, record),
  }
}
