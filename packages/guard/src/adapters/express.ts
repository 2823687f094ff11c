import type { Request, RequestHandler } from 'express'
import type { Guard } from '../guard.ts'
import type { GuardOptions } from '../options.ts'
import type { Granted } from '../outcome.ts'
import type { Requirements } from '../requirements.ts'
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
  const middleware =
    (requirements?: Requirements): RequestHandler =>
    async (request, response, next) => {
      const formParameters = isForm(request.headers['content-type']) ? namesOf(request.body) : []
      const asked = requestOf(request, { target: request.originalUrl, formParameters })
      const outcome = await made.check(asked, requirements)
      if (outcome.action === 'refused') {
        answer(response, outcome)
        return
      }
      granted.set(request, outcome)
      setHeaders(response, outcome)
      next()
    }
  const metadata: RequestHandler = (request, response, next) => {
    if (request.method !== 'GET' || request.path !== made.metadataPath) next()
    else response.json(made.metadata())
  }
  return Object.assign(middleware, { guard: made, metadata })
}

/** What a request was granted. @throws TypeError on a route without guard. */
export function grantOf(request: Request): Granted {
  const found = granted.get(request)
  if (found === undefined) throw new TypeError('no guard stands before this route')
  return found
}
