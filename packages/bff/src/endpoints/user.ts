import { sendJson } from '../http/answers.ts'
import { forgetSession, sessionOf, single, type Call } from '../http/call.ts'

/** Who is logged in, for the app. With `slide=false` the question does not keep the session alive. */
export async function user(call: Call): Promise<void> {
  const { core, frontend, query } = call
  const session = await sessionOf(call)
  if (session === undefined) {
    forgetSession(call)
    return sendJson(call, { authenticated: false })
  }
  const { stored, secrets } = session
  if (single(query, 'slide') !== 'false') await core.sessions.use(session)
  const current = await core.store.get(stored.id)
  sendJson(call, {
    authenticated: true,
    claims: secrets.claims,
    sessionExpiresAt: current?.expiresAt ?? stored.expiresAt,
    logoutUrl: `${frontend.base}/logout?sid=${stored.handle}`,
  })
}
