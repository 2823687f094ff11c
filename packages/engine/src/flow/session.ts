import { digestOf } from '../digest.ts'
import type { BrowserCookies } from '../outcomes.ts'
import type { Ports } from '../ports.ts'
import type { Session } from '../store/durable.ts'

/** The session of a browser; undefined when it has none, or one that ended. */
export async function sessionOf(
  { session: secret }: BrowserCookies,
  { store, clock }: Ports,
): Promise<Session | undefined> {
  if (secret === undefined) return undefined
  const session = await store.sessions.get(digestOf(secret))
  return session !== undefined && clock.now() < session.expiresAt ? session : undefined
}
