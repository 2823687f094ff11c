import type { Grant, Seconds, Session, StatusChange, StatusPosition } from '@signet/engine'
import { RowsOfSubjects } from './rows-of-subjects.ts'

/** Somebody who joins a session. */
export interface Joining {
  readonly digest: string
  readonly clientId: string
  readonly now: Seconds
}

export class SessionTable extends RowsOfSubjects<Session> {
  join(service: number, { digest, clientId, now }: Joining): void {
    // What is read must still be true when it is written.
    this.connection.transactions.begin()
    const session = this.living(service, digest, now)
    const { clients = [] } = session ?? {}
    if (session === undefined || clients.includes(clientId)) return
    const value = { ...session, clients: [...clients, clientId] }
    this.put(service, digest, { value, ends: session.expiresAt })
  }

  /** Deletes the session; whoever did it gets what it was, unless it expired before. */
  end(service: number, digest: string, now: Seconds): Session | undefined {
    this.connection.transactions.begin()
    const session = this.living(service, digest, now)
    this.delete(service, digest)
    return session
  }
}

export class GrantTable extends RowsOfSubjects<Grant> {
  replaceStatus(
    service: number,
    id: string,
    { from, to }: StatusChange,
  ): StatusPosition | undefined {
    this.connection.transactions.begin()
    const grant = this.get(service, id)
    if (grant === undefined || grant.status !== from) return grant?.status
    this.put(service, id, { value: { ...grant, status: to }, ends: grant.expiresAt })
    return to
  }
}
