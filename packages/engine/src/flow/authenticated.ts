import { PASSWORD_ACR, PASSWORD_AMR } from '../authentication-context.ts'
import { digestOf } from '../digest.ts'
import type { ErrorPage, LoggedIn } from '../outcomes.ts'
import type { Ports } from '../ports.ts'
import { tellPerson } from './front-channel.ts'
import { visit, type InteractionRequest } from './visit.ts'

/** Somebody has proved in this interaction to be this user; whoever calls has checked it. */
export interface AuthenticatedRequest extends InteractionRequest {
  readonly subject: string
  /** Absent: a password. */
  readonly acr?: string
  readonly amr?: readonly string[]
}

/**
 * Between steps 2 and 3: the user is known now. The browser gets a new session under a new secret, and the one it came with
 * ends: who knew the old secret knows nothing of the new session (no fixation).
 */
export async function authenticated(
  request: AuthenticatedRequest,
  ports: Ports,
): Promise<LoggedIn | ErrorPage> {
  const { store, random, clock, service } = ports
  const { subject, acr = PASSWORD_ACR, amr = PASSWORD_AMR, cookies } = request
  const step = 'authenticated'
  try {
    const { client } = await visit(request, ports)
    const secret = random.token(256)
    const now = clock.now()
    const expiresIn = service.lifetimes.session
    await store.sessions.put({
      digest: digestOf(secret),
      sid: random.token(128),
      subject,
      authTime: now,
      acr,
      amr,
      expiresAt: now + expiresIn,
    })
    if (cookies.session !== undefined) await store.sessions.delete(digestOf(cookies.session))
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
