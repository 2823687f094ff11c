import { KEPT_AFTER_END, type SessionStore, type StoredSession } from '../sessions/port.ts'

/** Sessions of one process, gone with it: for tests and for `signet dev`. */
export function createMemorySessions(): SessionStore {
  const sessions = new Map<string, StoredSession>()
  const leases = new Map<string, { readonly owner: string; readonly until: number }>()
  const parcels = new Map<string, { readonly sealed: string; readonly until: number }>()
  const marks = new Map<string, number>()
  const where = (holds: (session: StoredSession) => boolean): readonly StoredSession[] =>
    [...sessions.values()].filter(holds).toSorted((a, b) => b.createdAt - a.createdAt)
  return {
    async create(session) {
      sessions.set(session.id, session)
    },
    async get(id) {
      return sessions.get(id)
    },
    async replace(id, version, sealed) {
      const session = sessions.get(id)
      if (session?.version !== version) return false
      sessions.set(id, { ...session, sealed, version: version + 1 })
      return true
    },
    async touch(id, touch) {
      const session = sessions.get(id)
      if (session !== undefined) sessions.set(id, { ...session, ...touch })
      return session !== undefined
    },
    async delete(id) {
      return sessions.delete(id)
    },
    async withSid(issuer, sid) {
      return where((session) => session.issuer === issuer && session.sid === sid)
    },
    async ofSubject(issuer, subject) {
      return where((session) => session.issuer === issuer && session.subject === subject)
    },
    async lock({ id, owner, now, until }) {
      if ((leases.get(id)?.until ?? 0) > now) return false
      leases.set(id, { owner, until })
      return true
    },
    async unlock(id, owner) {
      if (leases.get(id)?.owner === owner) leases.delete(id)
    },
    async put(id, sealed, until) {
      parcels.set(id, { sealed, until })
    },
    async take(id, now) {
      const parcel = parcels.get(id)
      parcels.delete(id)
      return parcel !== undefined && parcel.until > now ? parcel.sealed : undefined
    },
    async first(digest, until, now) {
      if ((marks.get(digest) ?? 0) > now) return false
      marks.set(digest, until)
      return true
    },
    async count(now) {
      return where((session) => session.expiresAt > now).length
    },
    async sweep(now, budget) {
      return (
        drop(sessions, budget, (session) => session.expiresAt + KEPT_AFTER_END <= now) +
        drop(leases, budget, (lease) => lease.until <= now) +
        drop(parcels, budget, (parcel) => parcel.until <= now) +
        drop(marks, budget, (until) => until <= now)
      )
    },
  }
}

function drop<Value>(
  rows: Map<string, Value>,
  budget: number,
  ended: (value: Value) => boolean,
): number {
  const ids = [...rows].filter(([, value]) => ended(value)).slice(0, budget)
  for (const [id] of ids) rows.delete(id)
  return ids.length
}
