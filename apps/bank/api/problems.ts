import { errorCodes, type FastifyError, type FastifyReply } from 'fastify'
import type { FieldProblem, ProblemDocument } from './contract.ts'

const TITLES = {
  invalid_payment: 'This payment cannot be made as it was asked for.',
  idempotency_key_missing: 'Send an Idempotency-Key of 1 to 64 letters, digits, - or _.',
  idempotency_key_reused: 'This Idempotency-Key was used for another payment.',
  invalid_body: 'The body must be a JSON object.',
  unsupported_media_type: 'Send application/json.',
  body_too_large: 'The body is too long.',
  no_such_account: 'There is no such account of yours.',
  not_found: 'There is nothing here.',
  server_error: 'Something broke here.',
} as const

type Code = keyof typeof TITLES

/** Answers with a problem document. @see RFC 9457 */
export function sendProblem(
  reply: FastifyReply,
  { status, code }: { readonly status: number; readonly code: Code },
  errors?: readonly FieldProblem[],
): FastifyReply {
  const problem: ProblemDocument = {
    type: `urn:meridian-bank:${code}`,
    title: TITLES[code],
    status,
    code,
    ...(errors !== undefined && { errors }),
  }
  return reply.code(status).type('application/problem+json').send(JSON.stringify(problem))
}

/** What Fastify refuses on its own, in the same form. */
export function sendError(error: FastifyError, reply: FastifyReply): FastifyReply {
  if (error instanceof errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE) {
    return sendProblem(reply, { status: 415, code: 'unsupported_media_type' })
  }
  if (error instanceof errorCodes.FST_ERR_CTP_BODY_TOO_LARGE) {
    return sendProblem(reply, { status: 413, code: 'body_too_large' })
  }
  if (error.statusCode === 400) return sendProblem(reply, { status: 400, code: 'invalid_body' })
  reply.log.error(error)
  return sendProblem(reply, { status: 500, code: 'server_error' })
}
