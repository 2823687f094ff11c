import {
  enforce,
  parameter,
  Refused,
  verifyIdTokenHint,
  type Form,
  type IdTokenClaims,
} from '@signet/protocol'
import { claimedClient, recordRefusal } from '../audit.ts'
import { withParameters } from '../authorization-response.ts'
import type { ErrorPage, FrontChannelRequest, LoggedOut, LogoutConfirmation } from '../outcomes.ts'
import type { Ports } from '../ports.ts'
import type { Session } from '../store/durable.ts'
import { logoutRules, type Logout } from './end-session.rules.ts'
import { tellPerson } from './front-channel.ts'
import { readQuery } from './query.rules.ts'
import { endSessionAt } from './session-end.ts'
import { sessionOf } from './session.ts'

export interface EndSessionRequest extends FrontChannelRequest {
  /** Whether the user has said yes to a `LogoutConfirmation`. Whoever asks sees to it that no other site can say so. */
  readonly confirmed: boolean
}

/**
 * Ends the session of the browser. A client that proves by an ID token of this very session that it knows the user needs no
 * confirmation; everybody else does, or any page on the web could log the user out.
 *
 * @see {@link https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout RP-Initiated Logout §2}
 */
export async function endSession(
  { query, cookies, confirmed }: EndSessionRequest,
  ports: Ports,
): Promise<LoggedOut | LogoutConfirmation | ErrorPage> {
  const step = 'end-session'
  try {
    const form = readQuery(query)
    const logout = enforce(logoutRules, await readLogout(form, ports))
    const session = await sessionOf(cookies, ports)
    const named = logout.client && { clientName: logout.client.name }
    if (session !== undefined) {
      if (!confirmed && !vouches(logout.hint, session))
        return { action: 'confirm-logout', ...named }
      await endOf(session, logout, ports)
    }
    const location = locationAfter(logout, form)
    return { action: 'logged-out', ...(location !== undefined && { location }), ...named }
  } catch (error) {
    return tellPerson(error, { step, clientId: claimedClient(query) }, ports)
  }
}

async function readLogout(form: Form, ports: Ports): Promise<Logout> {
  const hint = await readHint(parameter(form, 'id_token_hint'), ports)
  const clientId = parameter(form, 'client_id')
  const name = hint?.aud ?? clientId
  const client = name === undefined ? undefined : await ports.clients.find(name)
  const postLogoutRedirectUri = parameter(form, 'post_logout_redirect_uri')
  return { hint, clientId, client, postLogoutRedirectUri }
}

/**
 * The claims of the hint. One that proves nothing is put on record and counts as none: the user may still log out, which
 * must not fail because a key was retired.
 */
async function readHint(
  hint: string | undefined,
  ports: Ports,
): Promise<IdTokenClaims | undefined> {
  if (hint === undefined) return undefined
  const { service, keys } = ports
  try {
    return verifyIdTokenHint(hint, { issuer: service.issuer, keys: keys.published })
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    await recordRefusal(error, { step: 'end-session' }, ports)
    return undefined
  }
}

/** Whether the hint is of this very session; one that names no session must at least name its user. */
function vouches(hint: IdTokenClaims | undefined, { sid, subject }: Session): boolean {
  return hint !== undefined && hint.sub === subject && (hint.sid === undefined || hint.sid === sid)
}

async function endOf(session: Session, { client }: Logout, ports: Ports): Promise<void> {
  const { store, random, clock } = ports
  // Whoever comes second finds nothing to end.
  if ((await endSessionAt(session.digest, ports)) === undefined) return
  await store.audit.record({
    id: random.token(128),
    at: clock.milliseconds(),
    kind: 'logout',
    step: 'end-session',
    ...(client !== undefined && { clientId: client.id }),
    subject: session.subject,
  })
}

/** Where to go: only a client that has proved itself by its hint may say so. */
function locationAfter({ hint, postLogoutRedirectUri }: Logout, form: Form): string | undefined {
  if (hint === undefined || postLogoutRedirectUri === undefined) return undefined
  return withParameters(postLogoutRedirectUri, [['state', parameter(form, 'state')]])
}
