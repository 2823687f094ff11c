import type { FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify'
import type { Guard } from '../guard.ts'
import type { GuardOptions } from '../options.ts'
import type { Challenge, Granted } from '../outcome.ts'
import type { Requirements } from '../requirements.ts'
import { guardOf, isForm, namesOf, requestOf } from './node.ts'

type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>

/** The hooks of a guarded route: the check comes before the body is read, and a form is looked at again afterwards. */
export interface GuardHooks {
  readonly onRequest: Hook
  readonly preValidation: Hook
}

/** Makes options of a route: `app.get('/accounts', api({ requireScopes: ['accounts'] }), handler)`. */
export interface FastifyGuard {
  (requirements?: Requirements): GuardHooks
  readonly guard: Guard
  /** `app.get(api.metadataPath, api.metadata)` */
  readonly metadataPath: string
  readonly metadata: RouteHandlerMethod
}

const granted = new WeakMap<FastifyRequest, Granted>()

/** A guard for Fastify 5. @throws InvalidGuardOptions */
export function guard(options: GuardOptions | Guard): FastifyGuard {
  const made = guardOf(options)
  const hooks = (requirements?: Requirements): GuardHooks => ({
    onRequest: async (request, reply) => {
      const asked = requestOf(request.raw, { target: request.originalUrl })
      const outcome = await made.check(asked, requirements)
      if (outcome.action === 'refused') return answer(reply, outcome)
      granted.set(request, outcome)
      reply.headers(outcome.headers)
      return undefined
    },
    preValidation: async (request, reply) => {
      if (!isForm(request.headers['content-type'])) return undefined
      const asked = requestOf(request.raw, { target: request.originalUrl })
      const refused = made.checkForm(asked, namesOf(request.body))
      return refused && answer(reply, refused)
    },
  })
  return Object.assign(hooks, {
    guard: made,
    metadataPath: made.metadataPath,
    metadata: () => made.metadata(),
  })
}

function answer(reply: FastifyReply, { status, headers, body }: Challenge): FastifyReply {
  return reply.code(status).headers(headers).send(body)
}

/** What a request was granted. @throws TypeError on a route without guard. */
export function grantOf(request: FastifyRequest): Granted {
  const found = granted.get(request)
  if (found === undefined) throw new TypeError('no guard stands before this route')
  return found
}
