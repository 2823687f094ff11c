import type { IncomingMessage } from 'node:http'
import type { Request, RequestHandler } from 'express'
import type { Guard } from '../guard.ts'
import type { GuardOptions } from '../options.ts'
import type { Granted } from '../outcome.ts'
import type { Requirements } from '../requirements.ts'
import { readMessage } from './body.ts'
import { holdAnswer } from './hold-answer.ts'
import { answer, guardOf, isForm, namesOf, requestOf, setHeaders } from './node.ts'

/** Makes middleware: `app.get('/accounts', api({ requireScopes: ['accounts'] }), handler)`. */
export interface ExpressGuard {
  (requirements?: Requirements): RequestHandler
  readonly guard: Guard
  /** Serves the metadata document: `app.use(api.metadata)`. */
  readonly metadata: RequestHandler
}

const granted = new WeakMap<Request, Granted>()

/**
 * A guard for Express 5. Where forms are parsed, mount it after the parser: a token in a form is then refused, and not
 * only left alone.
 *
 * @throws InvalidGuardOptions
 */
export function guard(options: GuardOptions | Guard): ExpressGuard {
  const made = guardOf(options)
  const middleware = (requirements?: Requirements): RequestHandler => {
    made.checkRequirements(requirements)
    return async (request, response, next) => {
      const formParameters = isForm(request.headers['content-type']) ? namesOf(request.body) : []
      const readBody = (): Promise<Uint8Array> => bodyOf(request, made.largestBody)
      const asked = requestOf(request, { target: request.originalUrl, formParameters, readBody })
      if (requirements?.signedResponse) holdAnswer(response, (held) => made.sign(asked, held))
      const outcome = await made.check(asked, requirements)
      if (outcome.action === 'refused') {
        answer(response, outcome)
        return
      }
      granted.set(request, outcome)
      setHeaders(response, outcome)
      next()
    }
  }
  const metadata: RequestHandler = (request, response, next) => {
    if (request.method !== 'GET' || request.path !== made.metadataPath) next()
    else response.json(made.metadata())
  }
  return Object.assign(middleware, { guard: made, metadata })
}

const bodies = new WeakMap<IncomingMessage, Uint8Array>()

/**
 * Keeps the bytes of a body that a parser takes, for routes with signed requests that come after it:
 * `app.use(express.json({ verify: keepBody }))`.
 */
export function keepBody(request: IncomingMessage, _response: unknown, body: Uint8Array): void {
  bodies.set(request, body)
}

/** The body as it came. Where no parser took it, it becomes `request.body`, as `express.raw()` makes it. */
async function bodyOf(request: Request, largest: number): Promise<Uint8Array> {
  const parsed: unknown = request.body
  const known = bodies.get(request) ?? (parsed instanceof Uint8Array ? parsed : undefined)
  if (known !== undefined) return known
  if (request.readableDidRead) throw taken()
  const body = await readMessage(request, largest)
  if (body.length > 0) request.body = body
  // What else it may be, and where from: it was not signed.
  else if (!isNothing(parsed)) throw taken()
  return body
}

/** What parsers leave of no body. */
function isNothing(parsed: unknown): boolean {
  if (typeof parsed === 'object') return namesOf(parsed).length === 0
  return parsed === undefined || parsed === ''
}

function taken(): TypeError {
  return new TypeError(
    'the body of a signed request was parsed before the guard: give the parser { verify: keepBody }, of @signet/guard/express',
  )
}

/** What a request was granted. @throws TypeError on a route without guard. */
export function grantOf(request: Request): Granted {
  const found = granted.get(request)
  if (found === undefined) throw new TypeError('no guard stands before this route')
  return found
}
