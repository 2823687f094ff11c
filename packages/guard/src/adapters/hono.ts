import { IncomingMessage } from 'node:http'
import type { Context, MiddlewareHandler } from 'hono'
import type { Guard } from '../guard.ts'
import type { GuardOptions } from '../options.ts'
import type { AnswerHeaders, Challenge, Granted } from '../outcome.ts'
import type { GuardRequest } from '../request.ts'
import type { Requirements } from '../requirements.ts'
import { readBody } from './body.ts'
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
  const middleware = (requirements?: Requirements): MiddlewareHandler => {
    made.checkRequirements(requirements)
    return async (context, next) => {
      const read = (): Promise<Uint8Array> => bodyOf(context, made.largestBody)
      const request = { ...honoRequest(context), readBody: read }
      const outcome = await check(made, { context, request, requirements })
      if (outcome.action === 'granted') {
        granted.set(context, outcome)
        await next()
        setHeaders(context, outcome.headers)
      } else {
        context.res = answer(outcome)
      }
      if (requirements?.signedResponse) {
        const body = new Uint8Array(await context.res.clone().arrayBuffer())
        setHeaders(context, made.sign(request, { status: context.res.status, body }))
      }
    }
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

interface Asked {
  readonly context: Context
  readonly request: GuardRequest
  readonly requirements: Requirements | undefined
}

async function check(made: Guard, asked: Asked): Promise<Granted | Challenge> {
  const { context, request, requirements } = asked
  const outcome = await made.check(request, requirements)
  if (outcome.action === 'refused') return outcome
  return made.checkForm(request, await formNames(context)) ?? outcome
}

function setHeaders(context: Context, headers: AnswerHeaders): void {
  for (const [name, value] of Object.entries(headers)) context.header(name, value)
}

/** The body as it came. The handler gets it again. */
async function bodyOf({ req }: Context, largest: number): Promise<Uint8Array> {
  if (req.raw.bodyUsed) {
    throw new TypeError(
      'the body of a signed request was read before the guard: mount the guard first',
    )
  }
  if (req.raw.body === null) return new Uint8Array()
  const body = await readBody(req.raw.body, largest)
  req.raw = new Request(req.raw, { method: req.method, body })
  return body
}

function honoRequest({ env, req }: Context): GuardRequest {
  const incoming: unknown = typeof env === 'object' && env !== null && Reflect.get(env, 'incoming')
  // What is handled is what has to be proved: some middleware makes a request into one of another method.
  if (incoming instanceof IncomingMessage) return { ...requestOf(incoming), method: req.method }
  const { pathname, search } = new URL(req.url)
  return {
    method: req.method,
    target: pathname + search,
    headers: [...req.raw.headers].flat(),
  }
}

/** Read after the token holds; Hono keeps the parsed body for the handler. In what is no form, no token can hide. */
async function formNames({ req }: Context): Promise<readonly string[]> {
  if (!isForm(req.header('content-type'))) return []
  if (req.raw.bodyUsed && Object.keys(req.bodyCache).length === 0) {
    throw new TypeError('the form was read before the guard: read it with Hono, which keeps it')
  }
  try {
    return namesOf(await req.parseBody())
  } catch {
    return []
  }
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
