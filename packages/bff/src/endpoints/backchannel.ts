import { Refused, replayDigest, type Seconds } from '@signet/protocol'
import type { Core } from '../core.ts'
import type { Call } from '../http/call.ts'
import { readText } from '../http/read-body.ts'
import { DATA_HEADERS } from '../http/security-headers.ts'
import type { LogoutClaims } from '../logout-token/logout-token.rules.ts'
import { rememberedUntil, verifyLogoutToken } from '../logout-token/verify.ts'
import { AuthorityFailure } from '../oauth/failure.ts'
import type { StoredSession } from '../sessions/port.ts'
import { endSession } from './end-session.ts'

const LONGEST_BODY = 65_536

/**
 * The authorization server says that somebody logged out. No cookie and no browser is involved: the signature of the token
 * is what counts.
 *
 * @see OpenID Connect Back-Channel Logout 1.0 §2.5
 */
export async function backchannel(call: Call): Promise<void> {
  const { core } = call
  const token = await readToken(call)
  if (token === undefined) {
    return refuse(call, 'send a form with one parameter logout_token')
  }
  const now = core.clock.now()
  const mark = (jti: string, until: Seconds): Promise<boolean> =>
    core.store.first(replayDigest('logout', core.authority.issuer, jti), until, now)
  try {
    const claims = await verifyLogoutToken(token, {
      issuer: core.authority.issuer,
      clientId: core.clientId,
      keys: core.issuerKeys,
      decryption: core.decryption,
      now,
      // A mark that ends at once only asks.
      first: (jti) => mark(jti, now),
    })
    await endAll(core, claims)
    await mark(claims.jti, rememberedUntil(claims))
    call.reply.code(200).headers(HEADERS).send('')
  } catch (error) {
    if (error instanceof AuthorityFailure) {
      core.onEvent({ type: 'authority_unavailable', detail: error.message })
      return void call.reply
        .code(503)
        .headers({ ...HEADERS, 'retry-after': '10' })
        .send('')
    }
    if (!(error instanceof Refused)) throw error
    const { reason, received } = error.evidence
    core.onEvent({ type: 'validation_failed', where: 'logout_token', reason, detail: received })
    refuse(call, error.refusal.description)
  }
}

const HEADERS = { ...DATA_HEADERS, 'cache-control': 'no-store' }

async function readToken({ request }: Call): Promise<string | undefined> {
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded') return undefined
  const text = await readText(request.raw, LONGEST_BODY)
  const [token, another] = new URLSearchParams(text ?? '').getAll('logout_token')
  return another === undefined ? token : undefined
}

function refuse({ reply }: Call, description: string): void {
  reply
    .code(400)
    .headers(HEADERS)
    .type('application/json')
    .send(JSON.stringify({ error: 'invalid_request', error_description: description }))
}

async function endAll(core: Core, { sub, sid }: LogoutClaims): Promise<void> {
  const { issuer } = core.authority
  const found =
    sid === undefined
      ? await core.store.ofSubject(issuer, sub ?? '')
      : await core.store.withSid(issuer, sid)
  const chosen = found.filter((stored) => sub === undefined || stored.subject === sub)
  await Promise.all(chosen.map((stored) => end(core, stored)))
}

/** A session that was meant to go on offline has no tokens left either: they lay in it. */
async function end(core: Core, stored: StoredSession): Promise<void> {
  const session = core.sessions.opened(stored)
  if (session === undefined) await core.store.delete(stored.id)
  else await endSession(core, session, 'back_channel')
}
