import type { FrontChannelRequest } from '@signet/engine'
import { parameter, type Form } from '@signet/protocol'
import type { FastifyRequest } from 'fastify'
import { seeOther, type Answer } from '../http/answer.ts'
import { visitorAt, type Desk } from '../login/desk.ts'
import { readForm } from '../login/form.ts'
import { isSameOrigin } from '../login/same-origin.ts'
import { answer } from './answers.ts'

/** A browser arrives with the reference to a pushed request. */
export async function arrive(desk: Desk, request: FastifyRequest, query: string): Promise<Answer> {
  const visitor = visitorAt(desk, request)
  const arrival: FrontChannelRequest = { query, cookies: visitor.cookies }
  return answer(desk.answers.begin, await desk.served.engine.begin(arrival), visitor)
}

/**
 * A browser leaves: because a client sent it here, or with the answer to our own question. Only that answer, from our own
 * page, counts as the word of the person.
 */
export async function leave(desk: Desk, request: FastifyRequest, query: string): Promise<Answer> {
  const { served, answers, origin } = desk
  const visitor = visitorAt(desk, request)
  const form = readForm(query) ?? []
  const own = request.method === 'POST' && isSameOrigin(request.headers, origin)
  const decision = own ? parameter(form, 'decision') : undefined
  if (decision === 'stay') return seeOther(served.service.issuer)
  const outcome = await served.engine.endSession({
    query,
    cookies: visitor.cookies,
    confirmed: decision === 'logout',
  })
  return answer(answers.endSession, outcome, { visitor, fields: fieldsOf(form) })
}

/** What the confirmation of a logout has to bring back. */
function fieldsOf(form: Form): readonly { readonly name: string; readonly value: string }[] {
  return form.filter(([name]) => name !== 'decision').map(([name, value]) => ({ name, value }))
}
