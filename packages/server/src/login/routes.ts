import { parameter } from '@signet/protocol'
import type { FastifyRequest } from 'fastify'
import { seeOther, type Answer } from '../http/answer.ts'
import { malformedForm } from '../http/refusals.ts'
import { queryOf } from '../http/request.ts'
import type { Route } from '../http/route.ts'
import type { Served } from '../http/served.ts'
import { RefusedByTransport } from '../http/surface.ts'
import { answer } from '../oauth/answers.ts'
import { clearCookie, setCookie } from './cookies.ts'
import { askAsStranger, interactionAt, openDesk, show, type Desk } from './desk.ts'
import { readForm, readOwnForm } from './form.ts'
import { DEVICE_MAX_AGE, rememberDevice } from './known-device.ts'
import { isStillTrue, logIn } from './log-in.ts'

/** What people see between the arrival of their browser and the answer to the client. */
export function loginRoutes(served: Served): readonly Route[] {
  const desk = openDesk(served)
  const route = (
    on: Route['on'],
    step: string,
    handle: (request: FastifyRequest, desk: Desk) => Promise<Answer>,
  ): Route => ({ on, step, audience: 'browser', handle: (request) => handle(request, desk) })
  return [
    route('GET /interaction/:id', 'interaction', visit),
    route('POST /interaction/:id/login', 'login', login),
    route('POST /interaction/:id/consent', 'consent', consent),
    route('POST /interaction/:id/cancel', 'cancel', cancel),
    route('POST /interaction/:id/switch', 'switch', switchAccount),
  ]
}

async function visit(request: FastifyRequest, desk: Desk): Promise<Answer> {
  const where = interactionAt(desk, request)
  const { id, visitor } = where
  return show(desk, await desk.served.engine.interaction({ id, cookies: visitor.cookies }), where)
}

async function login(request: FastifyRequest, desk: Desk): Promise<Answer> {
  const { served, answers, names, origin } = desk
  const form = await readOwnForm(request, origin)
  const where = interactionAt(desk, request)
  const { id, visitor } = where
  const asked = await askAsStranger(desk, where)
  if (asked.action !== 'login') return show(desk, asked, where)

  const username = (parameter(form, 'username') ?? '').trim()
  const attempt = { username, address: visitor.address, device: visitor.device }
  const result = await logIn({ ...attempt, password: parameter(form, 'password') }, served)
  if ('problem' in result) {
    const refused = { ...asked, ...result, action: 'login-refused', username } as const
    return answer(answers.interaction, refused, where)
  }
  const { user } = result
  const { subject } = user
  const outcome = await served.engine.authenticated({ id, cookies: visitor.cookies, subject })
  if (outcome.action === 'logged-in' && !(await isStillTrue(user, served))) {
    await served.engine.forgetUser({ ...visitor.cookies, session: outcome.session })
    const refused = { ...asked, problem: 'wrong', action: 'login-refused', username } as const
    return answer(answers.interaction, refused, where)
  }
  const device = rememberDevice(visitor.device, username, served.login.secrets())
  const cookies = [setCookie(names.device, device, DEVICE_MAX_AGE)]
  return answer(answers.authenticated, outcome, { ...where, cookies })
}

async function consent(request: FastifyRequest, desk: Desk): Promise<Answer> {
  const decision = parameter(await readOwnForm(request, desk.origin), 'decision')
  const subject = parameter(readForm(queryOf(request.raw)) ?? [], 'subject')
  if ((decision !== 'approve' && decision !== 'cancel') || subject === undefined) {
    throw new RefusedByTransport(malformedForm())
  }
  const { id, visitor } = interactionAt(desk, request)
  const { cookies } = visitor
  const outcome = await desk.served.engine.complete({ id, cookies, decision, subject })
  return answer(desk.answers.complete, outcome, visitor)
}

async function cancel(request: FastifyRequest, desk: Desk): Promise<Answer> {
  await readOwnForm(request, desk.origin)
  const { id, visitor } = interactionAt(desk, request)
  const { cookies } = visitor
  const outcome = await desk.served.engine.complete({ id, cookies, decision: 'cancel' })
  return answer(desk.answers.complete, outcome, visitor)
}

/** Ends the session of this browser and starts the interaction over, for somebody else to log in. */
async function switchAccount(request: FastifyRequest, desk: Desk): Promise<Answer> {
  const { served, names, origin } = desk
  await readOwnForm(request, origin)
  const where = interactionAt(desk, request)
  const asked = await askAsStranger(desk, where)
  if (asked.action !== 'login') return show(desk, asked, where)

  const { engine, service } = served
  await engine.forgetUser(where.visitor.cookies)
  return seeOther(`${service.endpoints.interaction}/${where.id}`, [clearCookie(names.session)])
}
