import { sendJson, sendLoginRequired, sendProblem } from '../http/answers.ts'
import { forgetSession, sessionOf, type Call } from '../http/call.ts'
import type { StoredSession } from '../sessions/port.ts'
import type { Session } from '../sessions/sessions.ts'
import { endSession } from './end-session.ts'

/** Where else the person is logged in to this app. */
export async function listSessions(call: Call): Promise<void> {
  const own = await sessionOf(call)
  if (own === undefined) return sendLoginRequired(call)
  const sessions = await ofPerson(call, own)
  sendJson(call, {
    sessions: sessions.map((stored) => ({
      id: stored.handle,
      current: stored.id === own.stored.id,
      createdAt: stored.createdAt,
      lastSeenAt: stored.lastSeenAt,
      expiresAt: stored.expiresAt,
      ...(stored.userAgent !== undefined && { userAgent: stored.userAgent }),
    })),
  })
}

/** Ends one session of the person. @param handle as it was listed; without it, all but the own one */
export async function endSessions(call: Call, handle: string | undefined): Promise<void> {
  const own = await sessionOf(call)
  if (own === undefined) return sendLoginRequired(call)
  const chosen = (await ofPerson(call, own)).filter((stored) =>
    handle === undefined ? stored.id !== own.stored.id : stored.handle === handle,
  )
  if (handle !== undefined && chosen.length === 0) {
    return sendProblem(call, {
      status: 404,
      code: 'not_found',
      title: 'There is no such session of this person.',
    })
  }
  const ended = await Promise.all(chosen.map((stored) => end(call, stored)))
  if (chosen.some(({ id }) => id === own.stored.id)) forgetSession(call)
  sendJson(call, { ended: ended.filter(Boolean).length })
}

async function ofPerson(
  { core, frontend }: Call,
  { stored: { issuer, subject } }: Session,
): Promise<readonly StoredSession[]> {
  const sessions = await core.store.ofSubject(issuer, subject)
  return sessions.filter((each) => each.frontend === frontend.name && core.sessions.isAlive(each))
}

async function end({ core }: Call, stored: StoredSession): Promise<boolean> {
  const session = core.sessions.opened(stored)
  return session === undefined
    ? core.store.delete(stored.id)
    : endSession(core, session, 'session_list')
}
