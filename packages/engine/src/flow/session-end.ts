import { createLogoutToken } from '@signet/protocol'
import type { Client } from '../clients/client.ts'
import { digestOf } from '../digest.ts'
import type { BrowserCookies } from '../outcomes.ts'
import type { Ports } from '../ports.ts'
import type { Session } from '../store/durable.ts'
import type { Digest, Seconds } from '../store/values.ts'
import { signerOf } from '../tokens/issue.ts'

/** Time enough for some attempts to deliver it, too little to be of use later. @see Back-Channel Logout §2.4 */
const LOGOUT_TOKEN_LIFE: Seconds = 120

/**
 * Ends a session, and tells the clients that took part in it and want to know. They are told later, and whether they hear
 * it changes nothing here.
 *
 * @returns what the session was, to exactly one of those who end it.
 * @see {@link https://openid.net/specs/openid-connect-backchannel-1_0.html#BCRequest Back-Channel Logout §2.5}
 */
export async function endSessionAt(digest: Digest, ports: Ports): Promise<Session | undefined> {
  const session = await ports.store.sessions.delete(digest)
  if (session !== undefined) await tellClients(session, ports)
  return session
}

async function tellClients(session: Session, ports: Ports): Promise<void> {
  const { clients = [] } = session
  if (clients.length === 0) return
  const found = await Promise.all(clients.map((id) => ports.clients.find(id)))
  // What is told cannot be taken back: the end must not be lost afterwards.
  await ports.store.settled()
  for (const client of found) if (client !== undefined) await tell(client, session, ports)
}

async function tell(client: Client, { sid, subject }: Session, ports: Ports): Promise<void> {
  const {
    id: clientId,
    backchannelLogoutUri: uri,
    idToken: { algorithm: alg },
  } = client
  if (uri === undefined) return
  const { service, clock, random, logoutNotices } = ports
  const iat = clock.now()
  const claims = {
    iss: service.issuer,
    sub: subject,
    aud: clientId,
    iat,
    exp: iat + LOGOUT_TOKEN_LIFE,
    jti: random.token(128),
    sid,
  }
  const logoutToken = await createLogoutToken(claims, signerOf(alg, ports), alg)
  logoutNotices.send({ clientId, subject, uri, logoutToken })
}

/** Lets somebody else log in at this browser: whoever was there is logged out. */
export async function forgetUser({ session: secret }: BrowserCookies, ports: Ports): Promise<void> {
  if (secret === undefined) return
  const session = await endSessionAt(digestOf(secret), ports)
  if (session === undefined) return
  const { store, random, clock } = ports
  await store.audit.record({
    id: random.token(128),
    at: clock.milliseconds(),
    kind: 'logout',
    step: 'switch',
    subject: session.subject,
  })
}
