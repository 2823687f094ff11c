import type { FastifyRequest } from 'fastify'
import type { Answer } from '../http/answer.ts'
import type { CertificateSource } from '../http/certificates.ts'
import { queryOf } from '../http/request.ts'
import type { Route } from '../http/route.ts'
import type { Served } from '../http/served.ts'
import { openDesk } from '../login/desk.ts'
import { readFormBody } from '../login/form.ts'
import { loginRoutes } from '../login/routes.ts'
import { answer, clientAnswers } from './answers.ts'
import { backChannel, resourceRequest } from './client-requests.ts'
import { documentRoutes } from './documents.ts'
import { arrive, leave } from './front-channel.ts'

/**
 * The OAuth surface of one service: method and path, the step of the engine that decides, and the answer. Whatever a client or
 * a browser can reach is in this table or in the two it includes. Nothing here decides anything.
 *
 * A flow goes through it from top to bottom: the client pushes its request, the browser brings the reference, the person logs
 * in and consents, the client exchanges the code, and uses the token.
 *
 * Next: `push.ts` (in packages/engine/src/flow), where it begins.
 *
 * @param certificates where they are asked for
 */
export function routes(served: Served, certificates?: CertificateSource): readonly Route[] {
  const { engine, service } = served
  const answers = clientAnswers(service)
  const desk = openDesk(served)
  return [
    client('POST /par', 'push', async (request) =>
      answer(answers.push, await engine.push(await backChannel(request, certificates))),
    ),
    browser('GET /authorize', 'begin', (request) => arrive(desk, request, queryOf(request.raw))),
    browser('POST /authorize', 'begin', async (request) =>
      arrive(desk, request, await readFormBody(request)),
    ),
    ...loginRoutes(served),
    client('POST /token', 'token', async (request) =>
      answer(answers.token, await engine.token(await backChannel(request, certificates))),
    ),
    client('GET /userinfo', 'userinfo', async (request) =>
      answer(answers.userinfo, await engine.userinfo(await resourceRequest(request, certificates))),
    ),
    client('POST /userinfo', 'userinfo', async (request) =>
      answer(answers.userinfo, await engine.userinfo(await resourceRequest(request, certificates))),
    ),
    client('POST /introspect', 'introspect', async (request) => {
      const asked = await backChannel(request, certificates)
      return answer(answers.introspect, await engine.introspect(asked), asked)
    }),
    client('POST /revoke', 'revoke', async (request) =>
      answer(answers.revoke, await engine.revoke(await backChannel(request, certificates))),
    ),
    browser('GET /logout', 'end-session', (request) => leave(desk, request, queryOf(request.raw))),
    browser('POST /logout', 'end-session', async (request) =>
      leave(desk, request, await readFormBody(request)),
    ),
    ...documentRoutes(served),
  ]
}

/**
 * What is there for clients with certificates: of the same table what clients call directly. A browser has nothing to do
 * there, because it would ask people for a certificate.
 *
 * @see RFC 8705 §5
 */
export function mutualTlsRoutes(served: Served, certificates: CertificateSource): readonly Route[] {
  return routes(served, certificates).filter(({ audience }) => audience === 'client')
}

type Handle = (request: FastifyRequest) => Promise<Answer>

function client(on: Route['on'], step: string, handle: Handle): Route {
  return { on, step, audience: 'client', handle }
}

function browser(on: Route['on'], step: string, handle: Handle): Route {
  return { on, step, audience: 'browser', handle }
}
