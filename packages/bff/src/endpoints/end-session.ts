import * as client from 'openid-client'
import type { Frontend } from '../config/settings.ts'
import type { Core } from '../core.ts'
import type { LogoutCause } from '../events.ts'
import { failureOf } from '../oauth/failure.ts'
import type { Session } from '../sessions/sessions.ts'

/**
 * Ends a session here, whatever the authorization server is doing, and takes its refresh token back in the background.
 *
 * @returns whether it was still there
 */
export async function endSession(
  core: Core,
  session: Session,
  cause: LogoutCause,
): Promise<boolean> {
  const { stored, secrets } = session
  const ended = await core.store.delete(stored.id)
  if (ended) {
    core.onEvent({ type: 'logout', frontend: stored.frontend, cause, sessions: 1 })
    void revoke(core, secrets.refreshToken)
  }
  return ended
}

async function revoke(core: Core, refreshToken: string | undefined): Promise<void> {
  if (refreshToken === undefined) return
  try {
    const { configuration, metadata } = await core.authority.known()
    if (metadata.revocation_endpoint === undefined) return
    await client.tokenRevocation(configuration, refreshToken, { token_type_hint: 'refresh_token' })
  } catch (error) {
    core.onEvent({ type: 'revocation_failed', detail: failureOf(error, 'revocation').message })
  }
}

/**
 * Where the browser goes to log out at the authorization server too, and then comes back.
 *
 * @param idToken tells the server whom to log out without asking; without it, it asks
 * @see OpenID Connect RP-Initiated Logout 1.0 §2
 */
export async function endSessionUrl(
  core: Core,
  frontend: Frontend,
  idToken: string | undefined,
): Promise<string> {
  const home = frontend.origin + frontend.postLogoutPath
  const known = core.authority.current() ?? (await core.authority.known().catch(() => undefined))
  if (known?.metadata.end_session_endpoint === undefined) return home
  return client.buildEndSessionUrl(known.configuration, {
    post_logout_redirect_uri: home,
    ...(idToken !== undefined && { id_token_hint: idToken }),
  }).href
}
