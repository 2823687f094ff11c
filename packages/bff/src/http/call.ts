import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Frontend } from '../config/settings.ts'
import type { Core } from '../core.ts'
import type { Session } from '../sessions/sessions.ts'
import { endedCookie, readCookies } from './cookies.ts'
import type { RequestTarget } from './request-target.ts'

/** One request of a browser to one frontend. */
export interface Call {
  readonly core: Core
  readonly frontend: Frontend
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly target: RequestTarget
  readonly query: URLSearchParams
  readonly cookies: ReadonlyMap<string, string>
}

export function callOf(
  core: Core,
  frontend: Frontend,
  { request, reply, target }: Pick<Call, 'request' | 'reply' | 'target'>,
): Call {
  return {
    core,
    frontend,
    request,
    reply,
    target,
    query: new URLSearchParams(target.search),
    cookies: readCookies(request.headers.cookie),
  }
}

/** The session of the browser, if it lives. */
export function sessionOf({ core, frontend, cookies }: Call): Promise<Session | undefined> {
  return core.sessions.find(cookies.get(frontend.cookie), frontend.name)
}

/** A parameter that is there once; `undefined` also when it is there twice, which nobody of ours sends. */
export function single(query: URLSearchParams, name: string): string | undefined {
  const [value, another] = query.getAll(name)
  return another === undefined ? value : undefined
}

export function addCookie(reply: FastifyReply, cookie: string): void {
  // Fastify collects cookies, and replaces any other header.
  reply.header('set-cookie', cookie)
}

export function forgetSession({ reply, frontend, cookies }: Call): void {
  if (cookies.has(frontend.cookie)) addCookie(reply, endedCookie(frontend.cookie))
}
