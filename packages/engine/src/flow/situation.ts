import type { Client } from '../clients/client.ts'
import type { BrowserCookies } from '../outcomes.ts'
import type { Ports } from '../ports.ts'
import type { Interaction, PushedRequest } from '../store/ephemeral.ts'
import { accessAllowed, accessAsked } from './consent.ts'
import type { Situation } from './decide.ts'
import { sessionOf } from './session.ts'

/** A pushed request on its way to an answer, and the client that may have the answer. */
export interface Open {
  readonly pushed: PushedRequest
  readonly client: Client
  readonly interaction?: Interaction
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
