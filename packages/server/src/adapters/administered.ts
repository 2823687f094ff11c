import type { AuditEvent, Clock, Random, Store } from '@signet/engine'

/** A change that no client and no user asked for. Tells names and digests, never what is secret. */
export interface Administered extends Pick<AuditEvent, 'clientId' | 'subject'> {
  /** The command, with a hyphen: `client-add`. */
  readonly step: string
  readonly by: string
  readonly detail: string
}

/** Puts a change on record, once it is made. */
export async function recordAdministered(
  change: Administered,
  { store, random, clock }: { store: Pick<Store, 'audit'>; random: Random; clock: Clock },
): Promise<void> {
  await store.audit.record({
    id: random.token(128),
    at: clock.milliseconds(),
    kind: 'administered',
    ...change,
  })
}
