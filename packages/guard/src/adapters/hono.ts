import { IncomingMessage } from 'node:http'
import type { Context, MiddlewareHandler } from 'hono'
import type { Guard } from '../guard.ts'
import type { GuardOptions } from '../options.ts'
import type { Challenge, Granted } from '../outcome.ts'
import type { GuardRequest } from '../request.ts'
import type { Requirements } from '../requirements.ts'
import { guardOf, isForm, namesOf, requestOf } from './node.ts'

/** Makes middleware: `app.get('/accounts', api({ requireScopes: ['accounts'] }), handler)`. */
export interface HonoGuard {
  (requirements?: Requirements): MiddlewareHandler
  readonly guard: Guard
  /** Serves the metadata document: `app.use(api.metadata)`. */
  readonly metadata: MiddlewareHandler
}

const granted = new WeakMap<Context, Granted>()

/**
 * A guard for Hono 4. On Node (`@hono/node-server`) it sees raw headers, address and certificate; elsewhere the headers
 * as the Fetch API joins them, which is enough for DPoP.
 *
 * @throws InvalidGuardOptions
 */
export function guard(options: GuardOptions | Guard): HonoGuard {
  const made = guardOf(options)
  const middleware =
    (requirements?: Requirements): MiddlewareHandler =>
    async (context, next) => {
      const request = honoRequest(context)
      const outcome = await made.check(request, requirements)
      if (outcome.action === 'refused') return answer(outcome)
      const refused = made.checkForm(request, await formNames(context))
      if (refused !== undefined) return answer(refused)
      granted.set(context, outcome)
      await next()
      for (const [name, value] of Object.entries(outcome.headers)) context.header(name, value)
      return undefined
    }
  const metadata: MiddlewareHandler = async (context, next) => {
    if (context.req.method === 'GET' && context.req.path === made.metadataPath) {
      return Response.json(made.metadata())
    }
    await next()
    return undefined
  }
  return Object.assign(middleware, { guard: made, metadata })
}

function honoRequest({ env, req }: Context): GuardRequest {
  const incoming: unknown = typeof env === 'object' && env !== null && Reflect.get(env, 'incoming')
  if (incoming instanceof IncomingMessage) return requestOf(incoming)
  const { pathname, search } = new URL(req.url)
  return {
    method: req.method,
    target: pathname + search,
    headers: [...req.raw.headers].flat(),
  }
}

/** Read after the token holds; Hono keeps the parsed body for the handler. */
async function formNames({ req }: Context): Promise<readonly string[]> {
  if (!isForm(req.header('content-type'))) return []
  return namesOf(await req.parseBody())
}

function answer({ status, headers, body }: Challenge): Response {
  if (body === undefined) return new Response(undefined, { status, headers })
  return Response.json(body, { status, headers })
}

/** What a request was granted. @throws TypeError on a route without guard. */
export function grantOf(context: Context): Granted {
  const found = granted.get(context)
  if (found === undefined) throw new TypeError('no guard stands before this route')
  return found
}
