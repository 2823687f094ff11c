import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Core } from '../core.ts'
import { backchannel } from '../endpoints/backchannel.ts'
import { callback } from '../endpoints/callback.ts'
import { diagnostics } from '../endpoints/diagnostics.ts'
import { login } from '../endpoints/login.ts'
import { logoutByLink, logoutByScript } from '../endpoints/logout.ts'
import { endSessions, listSessions } from '../endpoints/session-list.ts'
import { user } from '../endpoints/user.ts'
import { proxy } from '../proxy/proxy.ts'
import { routeOf } from '../proxy/target-url.ts'
import { sendProblem } from './answers.ts'
import { sendAppFile, sendNotFound } from './app-files.ts'
import { callOf, type Call } from './call.ts'
import { csrfRejection } from './csrf.ts'
import { sendFailure } from './failures.ts'
import { frontendOf } from './frontend-of.ts'
import { readTarget } from './request-target.ts'

interface Endpoint {
  readonly handle: (call: Call) => Promise<void>
  /** Called by scripts of the app, and by nobody else. */
  readonly script: boolean
}

/** METHOD and name below the base path. */
const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  'GET /login': { handle: login, script: false },
  'GET /callback': { handle: callback, script: false },
  'GET /logout': { handle: logoutByLink, script: false },
  'POST /logout': { handle: logoutByScript, script: true },
  'GET /user': { handle: user, script: true },
  'GET /sessions': { handle: listSessions, script: true },
  'DELETE /sessions': { handle: (call) => endSessions(call, undefined), script: true },
  'POST /backchannel': { handle: backchannel, script: false },
}
const DIAGNOSTICS: Endpoint = { handle: diagnostics, script: false }
const SESSION = /^\/sessions\/([\w-]{1,64})$/

/** Every request comes through here: which app, which endpoint, route or file. */
export async function dispatch(
  core: Core,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const target = readTarget(request.raw.url ?? '')
  if (target === undefined) {
    core.onEvent({ type: 'validation_failed', where: 'path', reason: 'request_target' })
    return sendProblem(
      { reply },
      { status: 400, code: 'invalid_request', title: 'The path is odd.' },
    )
  }
  const host = request.headers.host ?? request.headers[':authority']
  const frontend = frontendOf(
    core.frontends,
    typeof host === 'string' ? host : undefined,
    target.path,
  )
  if (frontend === undefined) {
    return sendProblem({ reply }, { status: 421, code: 'not_found', title: 'No app lives here.' })
  }
  const call = callOf(core, frontend, { request, reply, target })
  try {
    await answer(call)
  } catch (error) {
    sendFailure(call, error)
  }
}

async function answer(call: Call): Promise<void> {
  const { frontend, target } = call
  if (target.path === frontend.base || target.path.startsWith(`${frontend.base}/`)) {
    return answerItself(call, target.path.slice(frontend.base.length))
  }
  const route = routeOf(frontend.routes, target.path)
  if (route !== undefined) return proxy(call, route)
  return frontend.static === undefined ? sendNotFound(call) : sendAppFile(call, frontend.static)
}

async function answerItself(call: Call, name: string): Promise<void> {
  const endpoint = endpointOf(call, name)
  if (endpoint === undefined) return sendWrongMethodOrPlace(call, name)
  if (endpoint.script) {
    const reason = csrfRejection(call.request.headers, call.frontend)
    if (reason !== undefined) {
      call.core.onEvent({ type: 'csrf_rejected', frontend: call.frontend.name, reason })
      return sendProblem(call, {
        status: 403,
        code: 'csrf_rejected',
        title: 'Send X-CSRF: 1, from a page of this app.',
        more: { reason },
      })
    }
  }
  return endpoint.handle(call)
}

function endpointOf({ core, request: { method } }: Call, name: string): Endpoint | undefined {
  const key = `${method} ${name}`
  if (Object.hasOwn(ENDPOINTS, key)) return ENDPOINTS[key]
  if (key === 'GET /diagnostics' && core.options.development === true) return DIAGNOSTICS
  const handle = method === 'DELETE' ? SESSION.exec(name)?.[1] : undefined
  if (handle === undefined) return undefined
  return { handle: (call) => endSessions(call, handle), script: true }
}

function sendWrongMethodOrPlace(call: Call, name: string): void {
  const methods = ['GET', 'POST', 'DELETE'].filter((method) =>
    Object.hasOwn(ENDPOINTS, `${method} ${name}`),
  )
  if (methods.length === 0) return sendNotFound(call)
  call.reply.header('allow', methods.join(', '))
  sendProblem(call, {
    status: 405,
    code: 'method_not_allowed',
    title: `This endpoint takes ${methods.join(' and ')}.`,
  })
}
