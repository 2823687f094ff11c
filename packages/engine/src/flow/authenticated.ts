import { PASSWORD_ACR, PASSWORD_AMR } from '../authentication-context.ts'
import { digestOf } from '../digest.ts'
import type { ErrorPage, LoggedIn } from '../outcomes.ts'
import type { Ports } from '../ports.ts'
import type { Session } from '../store/durable.ts'
import { tellPerson } from './front-channel.ts'
import { endSessionAt } from './session-end.ts'
import { sessionOf } from './session.ts'
import { visit, type InteractionRequest } from './visit.ts'

/** Somebody has proved in this interaction to be this user; whoever calls has checked it. */
export interface AuthenticatedRequest extends InteractionRequest {
  readonly subject: string
  /** Absent: a password. */
  readonly acr?: string
  readonly amr?: readonly string[]
}

/**
 * Between steps 2 and 3: the user is known now. The browser gets a session under a new secret, and the one it came with
 * ends: who knew the old secret knows nothing of the new session (no fixation).
 *
 * For the same user it is the same session to clients, with the same `sid`: who is asked to log in again for a payment is
 * not logged out elsewhere by it. When it was somebody else's, the clients of that session are told of its end.
 */
export async function authenticated(
  request: AuthenticatedRequest,
  ports: Ports,
): Promise<LoggedIn | ErrorPage> {
  const { store, random, clock, service } = ports
  const { subject, acr = PASSWORD_ACR, amr = PASSWORD_AMR } = request
  const step = 'authenticated'
  try {
    const { client } = await visit(request, ports)
    const secret = random.token(256)
    const now = clock.now()
    const expiresIn = service.lifetimes.session
    const { sid = random.token(128), clients } = await continued(request, ports)
    await store.sessions.put({
      digest: digestOf(secret),
      sid,
      subject,
      authTime: now,
      acr,
      amr,
      ...(clients !== undefined && { clients }),
      expiresAt: now + expiresIn,
    })
    await store.audit.record({
      id: random.token(128),
      at: clock.milliseconds(),
      kind: 'login',
      step,
      clientId: client.id,
      subject,
    })
    return { action: 'logged-in', session: secret, expiresIn }
  } catch (error) {
    return tellPerson(error, { step, subject }, ports)
  }
}

/** Ends the session the browser came with, and answers what of it goes on. */
async function continued(
  { subject, cookies }: AuthenticatedRequest,
  ports: Ports,
): Promise<Partial<Pick<Session, 'sid' | 'clients'>>> {
  const former = await sessionOf(cookies, ports)
  if (former === undefined) return {}
  if (former.subject === subject) return (await ports.store.sessions.delete(former.digest)) ?? {}
  await endSessionAt(former.digest, ports)
  return {}
}
