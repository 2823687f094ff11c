import { grantOf, type FastifyGuard } from '@signet/guard/fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { AccountList } from './contract.ts'
import type { Ledger } from './ledger.ts'
import { sendProblem } from './problems.ts'

const IDEMPOTENCY_KEY = /^[\w-]{1,64}$/

interface OneAccount {
  readonly Params: { readonly id: string }
}

export interface ApiParts {
  readonly guard: FastifyGuard
  readonly ledger: Ledger
  /** How long ago who pays may have logged in, in seconds. */
  readonly recentLogin: number
}

/** What the API offers, and what each part of it asks for. */
export function addRoutes(app: FastifyInstance, { guard, ledger, recentLogin }: ApiParts): void {
  const accounts = guard({ requireScopes: ['accounts'] })
  const payments = guard({ requireScopes: ['payments'], requireAcr: { maxAge: recentLogin } })
  app.get('/accounts', accounts, (request): AccountList => ({
    accounts: ledger.accounts(subjectOf(request)),
  }))
  app.get<OneAccount>(
    '/accounts/:id/transactions',
    accounts,
    (request, reply) =>
      ledger.transactions(subjectOf(request), request.params.id) ??
      sendProblem(reply, { status: 404, code: 'no_such_account' }),
  )
  app.post('/payments', payments, (request, reply) => pay(ledger, request, reply))
}

function pay(ledger: Ledger, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { 'idempotency-key': idempotencyKey } = request.headers
  if (typeof idempotencyKey !== 'string' || !IDEMPOTENCY_KEY.test(idempotencyKey)) {
    return sendProblem(reply, { status: 400, code: 'idempotency_key_missing' })
  }
  const order = recordOf(request.body)
  if (order === undefined) return sendProblem(reply, { status: 400, code: 'invalid_body' })
  const paid = ledger.pay(subjectOf(request), { order, idempotencyKey })
  switch (paid.action) {
    case 'paid':
      return reply.code(201).send(paid.receipt)
    case 'repeated':
      return reply.code(200).send(paid.receipt)
    case 'invalid':
      return sendProblem(reply, { status: 422, code: 'invalid_payment' }, paid.problems)
    case 'key_reused':
      return sendProblem(reply, { status: 409, code: 'idempotency_key_reused' })
  }
}

/** The person the token is about. */
function subjectOf(request: FastifyRequest): string {
  const subject = grantOf(request).token?.['sub']
  if (typeof subject !== 'string') throw new TypeError('a token without sub passed the guard')
  return subject
}

function recordOf(body: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? { ...body } : undefined
}
