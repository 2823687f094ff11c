import { refusal, Refused } from '@signet/protocol'
import type { ErrorPage, ResponseToClient } from '../outcomes.ts'
import type { Ports } from '../ports.ts'
import type { Session } from '../store/durable.ts'
import { authorize, end } from './authorize.ts'
import { together } from './consent.ts'
import { decide, type Situation } from './decide.ts'
import { tellClient, tellPerson } from './front-channel.ts'
import { situationOf } from './situation.ts'
import { visit, type InteractionRequest } from './visit.ts'

/** What the user decided. */
export interface CompleteRequest extends InteractionRequest {
  readonly decision: 'approve' | 'cancel'
  /** Whom the consent page named; when somebody else is logged in by now, nobody has approved anything. */
  readonly subject?: string
}

/**
 * Step 3 of 4: the user decided, and the request ends, either way and once. Next: `exchange.ts`, where the client trades the
 * code for tokens.
 *
 * @see FAPI 2.0 §5.3.2.2, note 3; {@link https://www.rfc-editor.org/rfc/rfc6749.html#section-4.1.2 RFC 6749 §4.1.2}
 */
export async function complete(
  request: CompleteRequest,
  ports: Ports,
): Promise<ResponseToClient | ErrorPage> {
  const step = 'complete'
  try {
    const open = await visit(request, ports)
    const situation = await situationOf(open, request.cookies, ports)
    const { session } = situation
    if (request.decision === 'cancel') {
      await end(open.pushed, ports)
      return await tellClient(DECLINED(), { step, open, session }, ports)
    }
    const decision = decide({ ...situation, approved: true })
    if (decision.next === 'refuse')
      return await tellClient(decision.refused, { step, open, session }, ports)
    if (decision.next !== 'done') throw NOT_LOGGED_IN()
    if (request.subject !== undefined && request.subject !== decision.session.subject)
      throw SOMEBODY_ELSE()
    const answer = await authorize(open, decision.session, ports)
    await remember(situation, decision.session, ports)
    return answer
  } catch (error) {
    return tellPerson(error, { step }, ports)
  }
}

async function remember(
  { client, asked, allowed, now }: Situation,
  { subject }: Session,
  { store }: Ports,
): Promise<void> {
  const { scopes, resources } = together(allowed, asked)
  await store.consents.put({ subject, clientId: client.id, scopes, resources, updatedAt: now })
}

const DECLINED = (): Refused =>
  new Refused(refusal('access_denied', 'the user declined'), {
    id: 'SP-AZ-19',
    reason: 'user_declined',
    expected: 'the approval of the user',
    received: 'a click on cancel',
    remedy: 'Nothing: let the user go on without access.',
  })

const NOT_LOGGED_IN = (): Refused =>
  new Refused(refusal('login_required', 'the user has to log in before approving'), {
    id: 'OIDC-10',
    reason: 'approved_without_login',
    expected: 'the approval of a user whose login satisfies the request',
    received: 'an approval without such a session; it may have expired while the page was open',
    remedy: 'Have the user log in again; lifetimes.session says how long a login lasts.',
  })

const SOMEBODY_ELSE = (): Refused =>
  new Refused(refusal('login_required', 'another user has logged in meanwhile'), {
    id: 'SP-AZ-13',
    reason: 'approved_by_another_user',
    expected: 'the approval of the user whom the page named',
    received: 'an approval in the session of another user, who has seen no such page',
    remedy: 'Show the interaction again to the user who is logged in now.',
  })
