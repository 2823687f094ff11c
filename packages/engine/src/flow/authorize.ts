import { refusal, Refused } from '@signet/protocol'
import { codeResponse } from '../authorization-response.ts'
import { words } from '../authorization-parameters.ts'
import type { Client } from '../clients/client.ts'
import type { Service } from '../config.ts'
import { datedName, datedSecret, digestOf } from '../digest.ts'
import type { ResponseToClient } from '../outcomes.ts'
import type { Ports } from '../ports.ts'
import type { Session } from '../store/durable.ts'
import type { PushedRequest } from '../store/ephemeral.ts'
import type { Seconds } from '../store/values.ts'
import { tellsStatus } from '../tokens/status.ts'
import { takePosition } from '../tokens/status-positions.ts'
import type { Open } from './situation.ts'

/** Reuse of a code is noticed for a day at most: a thief who waits longer gains nothing, and rows cost. */
const LONGEST_MEMORY: Seconds = 86_400

/**
 * Ends a request with a code for its client. The rest of the road is the back channel's. Next: `exchange.ts`.
 *
 * @throws Refused `invalid_request_uri` when the request was ended by somebody else in the meantime, `login_required` when
 *   the session was.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749.html#section-4.1.2 RFC 6749 §4.1.2}
 */
export async function authorize(
  { pushed, client }: Open,
  session: Session,
  ports: Ports,
): Promise<ResponseToClient> {
  const { store, clock, service } = ports
  await end(pushed, ports)
  const { parameters } = pushed
  const code = datedSecret(ports)
  const now = clock.now()
  const status = tellsStatus(client, service) ? takePosition(ports) : undefined
  const position = typeof status === 'object' ? await status : status
  await store.codes.put({
    digest: digestOf(code),
    grantId: datedName(ports),
    authorization: {
      clientId: client.id,
      subject: session.subject,
      scopes: words(parameters.scope),
      // By its name: the operator may choose another default, which the user was not asked about.
      resources: parameters.resource ?? [service.defaultResource],
      ...(parameters.claims !== undefined && { claims: parameters.claims }),
      authTime: session.authTime,
      acr: session.acr,
      amr: session.amr,
      sid: session.sid,
    },
    redirectUri: parameters.redirect_uri,
    codeChallenge: parameters.code_challenge,
    ...(parameters.dpop_jkt !== undefined && { dpopJkt: parameters.dpop_jkt }),
    ...(parameters.nonce !== undefined && { nonce: parameters.nonce }),
    ...(position !== undefined && { status: position }),
    expiresAt: now + service.lifetimes.code,
    keptUntil: now + memoryOf(service),
  })
  if (wantsNotice(client, session)) await store.sessions.join(session.digest, client.id)
  // Whoever shuts a user out ends the sessions first and looks for codes then, so one of the two sees what the other did.
  if ((await store.sessions.get(session.digest)) === undefined) throw SESSION_ENDED()
  return codeResponse({ client, pushed }, code, ports)
}

/** Whether the client wants to be told when the session ends, and the session does not know it yet. */
function wantsNotice({ id, backchannelLogoutUri }: Client, { clients }: Session): boolean {
  return backchannelLogoutUri !== undefined && clients?.includes(id) !== true
}

/**
 * Ends a request, for exactly one caller: whatever the user decided, the `request_uri` opens nothing any more.
 *
 * @throws Refused `invalid_request_uri` for every other caller.
 */
export async function end(pushed: PushedRequest, { store }: Ports): Promise<void> {
  if (await store.pushedRequests.claim(pushed.digest)) return
  throw new Refused(refusal('invalid_request_uri', 'the request_uri was used'), {
    id: 'SP-AZ-15',
    reason: 'request_uri_used',
    expected: 'a request of which the user has not decided yet',
    received: 'a second decision of the same request, at the same time or later',
    remedy:
      'Nothing, if the user pressed a button twice; otherwise push a new request for every attempt.',
  })
}

function memoryOf({ lifetimes }: Service): Seconds {
  const longest = Math.max(lifetimes.refreshToken, lifetimes.accessToken, lifetimes.session)
  return lifetimes.code + Math.min(longest, LONGEST_MEMORY)
}

const SESSION_ENDED = (): Refused =>
  new Refused(refusal('login_required', 'the login ended in the meantime'), {
    id: 'BCP-16',
    reason: 'session_ended_meanwhile',
    expected: 'a session that goes on until its code is made',
    received: 'one that was ended in that moment, by a logout, a new login or an operator',
    remedy: 'Have the user start again in the app.',
  })
