import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify'
import type { Guard } from '../guard.ts'
import type { GuardOptions } from '../options.ts'
import type { Challenge, Granted } from '../outcome.ts'
import type { GuardRequest } from '../request.ts'
import type { Requirements } from '../requirements.ts'
import { join, readMessage } from './body.ts'
import { guardOf, isForm, namesOf, requestOf } from './node.ts'

type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>

/**
 * The hooks of a guarded route: the check comes before the body is parsed, and a form is looked at again afterwards. Signed
 * answers are signed last of all.
 */
export interface GuardHooks {
  readonly onRequest?: Hook
  readonly preParsing?: (
    request: FastifyRequest,
    reply: FastifyReply,
    payload: Readable,
  ) => Promise<FastifyReply | Readable | undefined>
  readonly preValidation: Hook
  readonly onSend?: (
    request: FastifyRequest,
    reply: FastifyReply,
    payload: unknown,
  ) => Promise<Buffer | undefined>
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
  const hooks = (requirements?: Requirements): GuardHooks => {
    made.checkRequirements(requirements)
    const check = checkWith(made, requirements)
    return {
      ...(requirements?.signedRequest
        ? { preParsing: signedRequest(made, check) }
        : { onRequest: (request, reply) => check(request, reply) }),
      preValidation: async (request, reply) => {
        if (!isForm(request.headers['content-type'])) return undefined
        const refused = made.checkForm(asked(request), namesOf(request.body))
        return refused && answer(reply, refused)
      },
      ...(requirements?.signedResponse && { onSend: signedResponse(made) }),
    }
  }
  return Object.assign(hooks, {
    guard: made,
    metadataPath: made.metadataPath,
    metadata: () => made.metadata(),
  })
}

type ReadBody = NonNullable<GuardRequest['readBody']>
/** @returns the reply of a refused request, which then goes no further. */
type Check = (
  request: FastifyRequest,
  reply: FastifyReply,
  readBody?: ReadBody,
) => Promise<FastifyReply | undefined>

function checkWith(made: Guard, requirements: Requirements | undefined): Check {
  return async (request, reply, readBody) => {
    const outcome = await made.check(asked(request, readBody), requirements)
    if (outcome.action === 'refused') return answer(reply, outcome)
    granted.set(request, outcome)
    reply.headers(outcome.headers)
    return undefined
  }
}

/** Reads the body for the check, and gives it to the parser after. */
function signedRequest(made: Guard, check: Check): NonNullable<GuardHooks['preParsing']> {
  return async (request, reply, payload) => {
    let body: Promise<Buffer> | undefined
    const refused = await check(
      request,
      reply,
      () => (body ??= readMessage(payload, made.largestBody)),
    )
    return refused ?? (body && Readable.from(await body))
  }
}

function signedResponse(made: Guard): NonNullable<GuardHooks['onSend']> {
  return async (request, reply, payload) => {
    const body = await bytesOf(payload)
    reply.headers(made.sign(asked(request), { status: reply.statusCode, body: body ?? EMPTY }))
    return body
  }
}

const EMPTY = new Uint8Array()

async function bytesOf(payload: unknown): Promise<Buffer | undefined> {
  if (payload === undefined || payload === null) return undefined
  if (typeof payload === 'string') return Buffer.from(payload)
  if (payload instanceof Uint8Array) return Buffer.from(payload)
  if (payload instanceof Readable || payload instanceof ReadableStream) {
    return await join(payload, Number.POSITIVE_INFINITY)
  }
  throw new TypeError('a route with signed answers sends text, bytes or a stream')
}

function asked(request: FastifyRequest, readBody?: ReadBody): GuardRequest {
  return requestOf(request.raw, { target: request.originalUrl, readBody })
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
