import { Refused } from '@signet/protocol'
import { recordRefusal, type RefusalContext } from '../audit.ts'
import { errorResponse } from '../authorization-response.ts'
import type { ErrorPage, ResponseToClient } from '../outcomes.ts'
import type { Ports } from '../ports.ts'
import type { Session } from '../store/durable.ts'
import type { Open } from './situation.ts'

/** What a person is told, by the reason of the refusal; of every other reason: that the request is not in order. */
const PAGES: ReadonlyMap<string, ErrorPage['kind']> = new Map([
  ['request_uri_unusable', 'expired'],
  ['request_uri_used', 'expired'],
  ['interaction_unusable', 'expired'],
  ['approved_without_login', 'expired'],
  ['approved_by_another_user', 'expired'],
  ['session_ended_meanwhile', 'expired'],
  ['browser_differs', 'cookie'],
  ['client_not_registered_any_more', 'client'],
  ['redirect_uri_not_registered_any_more', 'client'],
  ['response_mode_unsupported_any_more', 'client'],
  ['client_encryption_key_missing', 'client'],
])

/**
 * Turns what a step threw into a page: nobody is known yet to whom the browser could be sent (RFC 9700 §4.11.2).
 *
 * @throws whatever is no `Refused`: a bug, not a decision.
 */
export async function tellPerson(
  error: unknown,
  context: RefusalContext,
  ports: Ports,
): Promise<ErrorPage> {
  if (!(error instanceof Refused)) throw error
  const eventId = await recordRefusal(error, context, ports)
  const kind = PAGES.get(error.evidence.reason) ?? 'request'
  return { action: 'page', kind, refusal: error.refusal, eventId }
}

/**
 * Turns a refusal into an error response, for a client that was found worthy of one in this very step. Whose browser it is
 * only a session tells: without one, anybody can open the same link again and again.
 */
export async function tellClient(
  refused: Refused,
  { step, open, session }: Told,
  ports: Ports,
): Promise<ResponseToClient> {
  const context = { step, clientId: open.client.id, subject: session?.subject }
  const eventId = await recordRefusal(refused, context, ports)
  return errorResponse(open, { refusal: refused.refusal, eventId }, ports)
}

interface Told {
  readonly step: string
  readonly open: Open
  readonly session: Session | undefined
}
