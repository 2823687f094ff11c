import type { InteractionOutcome } from '@signet/engine'
import type { FastifyRequest } from 'fastify'
import type { Answer } from '../http/answer.ts'
import { pathParameter } from '../http/route.ts'
import type { Served } from '../http/served.ts'
import { answer } from '../oauth/answers.ts'
import { browserAnswers, type BrowserAnswers, type InInteraction } from './answers.ts'
import { cookieNames, type CookieNames } from './cookies.ts'
import { visitorOf, type Visitor } from './visitor.ts'

/** Where one service receives people: what it asks, and what it answers. */
export interface Desk {
  readonly served: Served
  readonly answers: BrowserAnswers
  readonly names: CookieNames
  /** Of our own pages. */
  readonly origin: string
}

export function openDesk(served: Served): Desk {
  const { issuer } = served.service
  const { origin } = new URL(issuer)
  return { served, origin, answers: browserAnswers(served.service), names: cookieNames(issuer) }
}

export function visitorAt(desk: Desk, request: FastifyRequest): Visitor {
  return visitorOf(request, desk)
}

export function interactionAt(desk: Desk, request: FastifyRequest): InInteraction {
  return { visitor: visitorAt(desk, request), id: pathParameter(request, 'id') }
}

/** The interaction as it is for somebody who is not logged in: who asks, and in which language. Nothing is decided by it. */
export function askAsStranger(
  { served }: Desk,
  { id, visitor }: InInteraction,
): Promise<InteractionOutcome> {
  return served.engine.interaction({ id, cookies: { ...visitor.cookies, session: undefined } })
}

/** Shows what the engine wants to be shown, and calls people by the name they know themselves by. */
export async function show(
  { served, answers }: Desk,
  outcome: InteractionOutcome,
  where: InInteraction,
): Promise<Answer> {
  if (outcome.action !== 'consent') return answer(answers.interaction, outcome, where)
  const user = await served.store.users.bySubject(outcome.subject)
  const name = user?.claims['name']
  const userName = typeof name === 'string' ? name : (user?.username ?? '')
  return answer(answers.interaction, { ...outcome, userName }, where)
}
