import { enforce } from '@signet/protocol'
import { assertAnswerable } from '../authorization-response.ts'
import type { Client } from '../clients/client.ts'
import type { BrowserCookies } from '../outcomes.ts'
import type { Ports } from '../ports.ts'
import type { Interaction, PushedRequest } from '../store/ephemeral.ts'
import { trustRules } from './begin.rules.ts'
import { accessAllowed, accessAsked } from './consent.ts'
import type { Situation } from './decide.ts'
import { sessionOf } from './session.ts'

/** A pushed request on its way to an answer, and the client that may have the answer. */
export interface Open {
  readonly pushed: PushedRequest
  readonly client: Client
  readonly interaction?: Interaction
}

/**
 * Opens a pushed request for its client, both as they are now.
 *
 * @throws Refused when the client is not trusted any more, or could not read the answer: nothing is spent on it then.
 */
export async function openFor(pushed: PushedRequest, ports: Ports): Promise<Open> {
  const client = await ports.clients.find(pushed.clientId)
  const open = enforce(trustRules, { pushed, client })
  await assertAnswerable(open, ports)
  return open
}

/** Fetches who is at the browser and what that user allowed before. */
export async function situationOf(
  { pushed, client, interaction }: Open,
  cookies: BrowserCookies,
  ports: Ports,
): Promise<Situation> {
  const { store, service, clock } = ports
  const session = await sessionOf(cookies, ports)
  const consent = session && (await store.consents.get(session.subject, client.id))
  return {
    client,
    parameters: pushed.parameters,
    asked: accessAsked(pushed.parameters, service),
    session,
    allowed: accessAllowed(consent, service),
    interaction,
    approved: false,
    now: clock.now(),
  }
}
