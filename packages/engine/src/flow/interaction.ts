import type { ConsentNeeded, ErrorPage, LoginNeeded, ResponseToClient } from '../outcomes.ts'
import type { Ports } from '../ports.ts'
import type { Session } from '../store/durable.ts'
import { authorize } from './authorize.ts'
import { decide, type Situation } from './decide.ts'
import { tellClient, tellPerson } from './front-channel.ts'
import { situationOf } from './situation.ts'
import { visit, type InteractionRequest } from './visit.ts'

export type { InteractionRequest }

/**
 * Between steps 2 and 3: what the browser has to show now. Once nothing has to be asked any more, that is the answer to the
 * client.
 */
export async function interaction(
  request: InteractionRequest,
  ports: Ports,
): Promise<LoginNeeded | ConsentNeeded | ResponseToClient | ErrorPage> {
  const step = 'interaction'
  try {
    const open = await visit(request, ports)
    const situation = await situationOf(open, request.cookies, ports)
    const decision = decide(situation)
    if (decision.next === 'login') return loginNeeded(situation)
    if (decision.next === 'consent') return consentNeeded(situation, decision.session)
    if (decision.next === 'done') return await authorize(open, decision.session, ports)
    return await tellClient(decision.refused, { step, open, session: situation.session }, ports)
  } catch (error) {
    return tellPerson(error, { step }, ports)
  }
}

function loginNeeded({ client, parameters }: Situation): LoginNeeded {
  const { redirect_uri, login_hint, ui_locales } = parameters
  return {
    action: 'login',
    client,
    redirectUri: redirect_uri,
    ...(login_hint !== undefined && { loginHint: login_hint }),
    ...(ui_locales !== undefined && { uiLocales: ui_locales }),
  }
}

/** Everything the client would get, not only what is new: nothing may be approved that was not shown. */
function consentNeeded(
  { client, parameters, asked, allowed }: Situation,
  { subject }: Session,
): ConsentNeeded {
  const { redirect_uri, resource, ui_locales } = parameters
  return {
    action: 'consent',
    client,
    redirectUri: redirect_uri,
    subject,
    scopes: asked.scopes.map((name) => ({ name, isNew: allowed?.scopes.includes(name) !== true })),
    resources: resource ?? [],
    ...(ui_locales !== undefined && { uiLocales: ui_locales }),
  }
}
