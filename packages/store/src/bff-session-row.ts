import type { StoredSession } from '@signet/bff'

/** The columns of a table of sessions, in the order of `valuesOf`. */
export const SESSION_COLUMNS: string = [
  'id',
  'handle',
  'frontend',
  'issuer',
  'subject',
  'sid',
  'user_agent',
  'created_at',
  'last_seen_at',
  'expires_at',
  'ends_at',
  'version',
  'sealed',
].join(', ')

/** What a session is written down as. */
export function valuesOf(session: StoredSession): readonly (string | number | null)[] {
  return [
    session.id,
    session.handle,
    session.frontend,
    session.issuer,
    session.subject,
    session.sid ?? null,
    session.userAgent ?? null,
    session.createdAt,
    session.lastSeenAt,
    session.expiresAt,
    session.endsAt,
    session.version,
    session.sealed,
  ]
}

/** What was written down. */
export function sessionOf(columns: Readonly<Record<string, unknown>>): StoredSession {
  const { sid, user_agent: userAgent } = columns
  return {
    id: String(columns['id']),
    handle: String(columns['handle']),
    frontend: String(columns['frontend']),
    issuer: String(columns['issuer']),
    subject: String(columns['subject']),
    ...(typeof sid === 'string' && { sid }),
    ...(typeof userAgent === 'string' && { userAgent }),
    createdAt: Number(columns['created_at']),
    lastSeenAt: Number(columns['last_seen_at']),
    expiresAt: Number(columns['expires_at']),
    endsAt: Number(columns['ends_at']),
    version: Number(columns['version']),
    sealed: String(columns['sealed']),
  }
}
