import { sendJson, sendPage, sendRedirect } from '../http/answers.ts'
import { forgetSession, single, type Call } from '../http/call.ts'
import { isOwnNavigation } from '../http/csrf.ts'
import { idOf, type Session } from '../sessions/sessions.ts'
import { endSession, endSessionUrl } from './end-session.ts'

/** How long the app has to follow the link that a logout gave it. */
const CONTINUE_LIFE = 300

/** Also a session that has expired knows whom to log out at the authorization server. */
function endedSessionOf({ core, frontend, cookies }: Call): Promise<Session | undefined> {
  return core.sessions.findEnded(cookies.get(frontend.cookie), frontend.name)
}

/**
 * Logout by a script of the app, with `X-CSRF`. The answer is a link to go to: what it leads to holds the ID token, which is
 * not for scripts.
 */
export async function logoutByScript(call: Call): Promise<void> {
  const { core, frontend } = call
  const session = await endedSessionOf(call)
  forgetSession(call)
  if (session === undefined) return sendJson(call, { logoutUrl: frontend.postLogoutPath })
  await endSession(core, session, 'user')
  const location = await endSessionUrl(core, frontend, session.secrets.idToken)
  const name = core.random(32).toString('base64url')
  const id = idOf(`logout ${name}`)
  await core.store.put(id, core.seal.close(location, id), core.clock.now() + CONTINUE_LIFE)
  sendJson(call, { logoutUrl: `${frontend.base}/logout?continue=${name}` })
}

/** Logout by a link: with the `sid` that only pages of this session know, or on from `logoutByScript`. */
export async function logoutByLink(call: Call): Promise<void> {
  const name = single(call.query, 'continue')
  if (name !== undefined) return goOn(call, name)
  const { core, frontend, query, request } = call
  const session = await endedSessionOf(call)
  if (session === undefined) {
    if (!isOwnNavigation(request.headers)) return refuse(call)
    forgetSession(call)
    return sendRedirect(call, await endSessionUrl(core, frontend, undefined))
  }
  if (single(query, 'sid') !== session.stored.handle) return refuse(call)
  await endSession(core, session, 'user')
  forgetSession(call)
  sendRedirect(call, await endSessionUrl(core, frontend, session.secrets.idToken))
}

async function goOn(call: Call, name: string): Promise<void> {
  const { core, frontend, request } = call
  const id = idOf(`logout ${name}`)
  const sealed = isOwnNavigation(request.headers)
    ? await core.store.take(id, core.clock.now())
    : undefined
  const home = frontend.origin + frontend.postLogoutPath
  sendRedirect(call, sealed === undefined ? home : core.seal.open(sealed, id))
}

function refuse(call: Call): void {
  const { frontend } = call
  call.core.onEvent({ type: 'csrf_rejected', frontend: frontend.name, reason: 'cross_site' })
  sendPage(call, 403, {
    title: 'You are still logged in',
    message: 'This link does not belong to your session. Log out in the app.',
    link: { href: frontend.folder, text: 'Go to the app' },
  })
}
