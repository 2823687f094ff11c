import type { Ports } from '../ports.ts'
import { revokeGrant, type GrantAt } from './status.ts'

/**
 * Ends every session of a user and everything a client was given for the user, codes under way included: for a new password,
 * and for a user who is disabled. The store must know of the change already, so that nothing new begins by the old one.
 *
 * @see RFC 9700 §4.14.2
 */
export async function shutOut(
  subject: string,
  ports: Pick<Ports, 'store' | 'service' | 'clock'>,
): Promise<void> {
  const { store } = ports
  await store.settled()
  for (const { digest } of await store.sessions.ofSubject(subject))
    await store.sessions.delete(digest)
  // What is read below may be much, and nobody is to wait for a transaction that is open meanwhile.
  await store.settled()
  // Codes before grants: whichever a code becomes in the meantime, its grant is known by one of them.
  const codes = await store.codes.ofSubject(subject)
  const ended = new Map<string, GrantAt>()
  for (const { grantId, status } of codes) ended.set(grantId, { id: grantId, status })
  for (const { id, status } of await store.grants.ofSubject(subject)) ended.set(id, { id, status })
  for (const grant of ended.values()) await revokeGrant(grant, ports)
  await store.settled()
}
