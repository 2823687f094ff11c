import { enforce, parameter, refusal, Refused } from '@signet/protocol'
import { claimedClient } from '../audit.ts'
import { digestOf } from '../digest.ts'
import type {
  BrowserCookies,
  ErrorPage,
  FrontChannelRequest,
  Interact,
  ResponseToClient,
} from '../outcomes.ts'
import type { Ports } from '../ports.ts'
import type { Session } from '../store/durable.ts'
import type { AttemptPolicy } from '../store/ephemeral.ts'
import { authorize } from './authorize.ts'
import { arrivalRules, referenceRules } from './begin.rules.ts'
import { decide } from './decide.ts'
import { tellClient, tellPerson } from './front-channel.ts'
import { readQuery } from './query.rules.ts'
import { openFor, situationOf, type Open } from './situation.ts'

/**
 * Step 2 of 4: the browser arrives with the reference. When the user is known and has allowed all of it before, the answer
 * goes back at once; otherwise an interaction begins. Next: `begin.rules.ts`, what the arrival must respect; then
 * `complete.ts`, where the user decides.
 *
 * Nothing is ended here unless a code is given: a reload or a link preview does no harm (FAPI 2.0 §5.3.2.2, note 3).
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9126.html#section-4 RFC 9126 §4}
 */
export async function begin(
  { query, cookies }: FrontChannelRequest,
  ports: Ports,
): Promise<Interact | ResponseToClient | ErrorPage> {
  const step = 'begin'
  try {
    const open = await find(query, ports)
    const situation = await situationOf(open, cookies, ports)
    const decision = decide(situation)
    if (decision.next === 'done') return await authorize(open, decision.session, ports)
    if (decision.next !== 'refuse')
      return await interact(open, { cookies, session: situation.session }, ports)
    return await tellClient(decision.refused, { step, open, session: situation.session }, ports)
  } catch (error) {
    return tellPerson(error, { step, clientId: claimedClient(query) }, ports)
  }
}

/** The pushed request the query stands for. */
async function find(query: string, ports: Ports): Promise<Open> {
  const { store, clock } = ports
  const form = readQuery(query)
  const { clientId, requestUri } = enforce(arrivalRules, {
    clientId: parameter(form, 'client_id'),
    requestUri: parameter(form, 'request_uri'),
  })
  const found = await store.pushedRequests.peek(digestOf(requestUri))
  const { pushed } = enforce(referenceRules, { clientId, pushed: found, now: clock.now() })
  return openFor(pushed, ports)
}

/** A browser secret as `ports.random` makes them; anything else in the cookie is replaced. */
const SECRET = /^[\w-]{43,128}$/

/** How often a request may be opened: more than people reload and previews look, too seldom to fill a store. */
const ARRIVALS: AttemptPolicy = { burst: 20, refill: 1 }

/** Keeps for one browser what it has come for. @throws Refused when too many have come for it. */
async function interact(
  { pushed }: Open,
  { cookies, session }: { readonly cookies: BrowserCookies; readonly session: Session | undefined },
  { store, random, clock, service }: Ports,
): Promise<Interact> {
  const arrivals = digestOf(`arrivals ${pushed.digest}`)
  if ((await store.attempts.take(arrivals, ARRIVALS, clock.now())) > 0) throw CROWDED()
  const interactionId = random.token(256)
  const known = cookies.browser !== undefined && SECRET.test(cookies.browser)
  const browser = known ? cookies.browser : random.token(256)
  const now = clock.now()
  await store.interactions.put({
    digest: digestOf(interactionId),
    pushedRequest: pushed.digest,
    browser: digestOf(browser),
    ...(session !== undefined && { enteredWith: session.digest }),
    startedAt: now,
    expiresAt: now + service.lifetimes.interaction,
  })
  return { action: 'interact', interactionId, ...(!known && { browser }) }
}

const CROWDED = (): Refused =>
  new Refused(refusal('invalid_request', 'this request was opened too often, try again soon'), {
    id: 'SP-AZ-15',
    reason: 'request_uri_opened_too_often',
    expected: `a request that is opened ${ARRIVALS.burst} times at once at most, and once a second then`,
    received: 'one more',
    remedy:
      'Nothing, if a page was reloaded: a second later it opens. Find out who else has the link.',
  })
