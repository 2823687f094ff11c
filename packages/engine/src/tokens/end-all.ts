import type { Ports } from '../ports.ts'
import type { Authorization, Grant, Session } from '../store/durable.ts'
import type { Seconds } from '../store/values.ts'
import { revokeGrant } from './status.ts'

type EndingPorts = Pick<Ports, 'store' | 'service' | 'clock'>

/** Of what grants are ended. */
export interface Which {
  /** Of this client only. */
  readonly clientId?: string
  /** Of logins at that time or before only. */
  readonly loggedInUntil?: Seconds
}

/** So many rows are looked at, and so many grants ended, at once. */
const PAGE = 100

/** Ends every session, and says how many there were. Clients are not told. */
export async function endSessions({ store }: EndingPorts): Promise<number> {
  let count = 0
  for (let after: string | undefined = ''; after !== undefined;) {
    const page: readonly Session[] = await store.sessions.list({ after, limit: PAGE })
    const ended = await Promise.all(page.map(({ digest }) => store.sessions.delete(digest)))
    await store.settled()
    count += ended.filter((session) => session !== undefined).length
    after = page.at(-1)?.digest
  }
  return count
}

/**
 * Ends grants, with their refresh tokens and all their access tokens, and says how many there were that could have been used.
 * A code that nobody has redeemed yet is no grant: whoever means what it will give comes again when it has expired.
 */
export async function endGrants(which: Which, ports: EndingPorts): Promise<number> {
  const { store, clock } = ports
  let count = 0
  for (let after: string | undefined = ''; after !== undefined;) {
    const page: readonly Grant[] = await store.grants.list({ after, limit: PAGE })
    const former = page.filter(({ authorization }) => isMeant(authorization, which))
    const ended = former.map(async (grant) => {
      const isOver = grant.expiresAt <= clock.now() || (await store.revocations.anyOf([grant.id]))
      // Also one that is over: whoever ended it may not have come to the end.
      const { id, status } = grant
      await revokeGrant({ id, status }, ports)
      return !isOver
    })
    count += (await Promise.all(ended)).filter(Boolean).length
    await store.settled()
    after = page.at(-1)?.id
  }
  return count
}

function isMeant(
  { clientId, authTime }: Authorization,
  { clientId: wanted = clientId, loggedInUntil = authTime }: Which,
): boolean {
  return clientId === wanted && authTime <= loggedInUntil
}
