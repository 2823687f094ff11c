import { enforce } from '@signet/protocol'
import { digestOf } from '../digest.ts'
import type { BrowserCookies } from '../outcomes.ts'
import type { Ports } from '../ports.ts'
import type { Interaction } from '../store/ephemeral.ts'
import { visitRules } from './interaction.rules.ts'
import { openFor, type Open } from './situation.ts'

/** What any request within an interaction brings. */
export interface InteractionRequest {
  /** As `begin` gave it out. */
  readonly id: string
  readonly cookies: BrowserCookies
}

/**
 * Opens an interaction for the browser that began it, and for no other.
 *
 * @throws Refused when it is over, when the browser is another one, and as `openFor`.
 */
export async function visit(
  { id, cookies }: InteractionRequest,
  ports: Ports,
): Promise<Open & { readonly interaction: Interaction }> {
  const { store, clock } = ports
  const found = await store.interactions.get(digestOf(id))
  const { interaction, pushed } = enforce(visitRules, {
    interaction: found,
    pushed: found && (await store.pushedRequests.peek(found.pushedRequest)),
    browser: cookies.browser === undefined ? undefined : digestOf(cookies.browser),
    now: clock.now(),
  })
  return { interaction, ...(await openFor(pushed, ports)) }
}
