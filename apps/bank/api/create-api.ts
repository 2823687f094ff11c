import type { GuardOptions } from '@signet/guard'
import { guard } from '@signet/guard/fastify'
import { fastify, type FastifyError, type FastifyInstance } from 'fastify'
import { randomUUID } from 'node:crypto'
import { tlsOf, type Settings } from '../settings.ts'
import { CallLog } from './calls.ts'
import { Ledger } from './ledger.ts'
import { sendError, sendProblem } from './problems.ts'
import { addRoutes } from './routes.ts'

const LONGEST_BODY = 16_384

/** The API of the bank: everything but its metadata asks for a token bound to the key of the caller. */
export async function createApi(
  settings: Settings,
  more: Partial<GuardOptions> = {},
): Promise<FastifyInstance> {
  const calls = new CallLog()
  const ledger = new Ledger({ now: () => new Date(), newId: () => randomUUID() })
  const api = guard({
    issuer: settings.issuer,
    resource: settings.api,
    ca: settings.authority,
    scopesSupported: ['accounts', 'payments'],
    resourceName: 'Meridian Bank',
    onRefusal: (event) => calls.refused(event),
    ...more,
  })
  const app = fastify({ https: tlsOf(settings), bodyLimit: LONGEST_BODY, exposeHeadRoutes: false })
  app.removeContentTypeParser('text/plain')
  app.setErrorHandler<FastifyError>((error, _request, reply) => sendError(error, reply))
  app.setNotFoundHandler((_request, reply) =>
    sendProblem(reply, { status: 404, code: 'not_found' }),
  )
  app.addHook('onSend', async (_request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    reply.header('strict-transport-security', 'max-age=63072000')
  })
  recordCalls(app, calls)
  app.addHook('onClose', async () => api.guard.close())

  app.get(api.metadataPath, api.metadata)
  addRoutes(app, { guard: api, ledger, recentLogin: settings.recentLogin })
  return app
}

/** Remembers what became of each call, and tells it to whoever knows the id of the call. */
function recordCalls(app: FastifyInstance, calls: CallLog): void {
  app.addHook('onResponse', async (request, reply) => {
    const id = reply.getHeader('x-fapi-interaction-id')
    const route = request.routeOptions.url
    if (typeof id !== 'string' || route === undefined) return
    const { method } = request
    calls.answered(id, { at: Date.now(), method, route, status: reply.statusCode })
  })
  app.get<{ readonly Params: { readonly id: string } }>('/dev/calls/:id', (request, reply) => {
    return calls.find(request.params.id) ?? sendProblem(reply, { status: 404, code: 'not_found' })
  })
}
