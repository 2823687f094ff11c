import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Agent, createServer, request as call } from 'node:https'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { after, describe, test } from 'node:test'
import { getRequestListener } from '@hono/node-server'
import {
  generateSigningKey,
  verificationKeyOf,
  verifyResponseSignature,
  withFields,
} from '@signet/protocol'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { methodOverride } from 'hono/method-override'
import { createGuard } from '../create-guard.ts'
import type { Guard } from '../guard.ts'
import type { Mode } from '../options.ts'
import type { GuardRequest } from '../request.ts'
import type { Requirements } from '../requirements.ts'
import { createAuthority } from '../testing/certificates.ts'
import { serve } from '../testing/https-server.ts'
import { createTestIssuer, type RequestChange } from '../testing/index.ts'
import * as expressAdapter from './express.ts'
import * as fastifyAdapter from './fastify.ts'
import * as honoAdapter from './hono.ts'
import * as nodeAdapter from './node.ts'

const RESOURCE = 'https://api.example'
const authority = await createAuthority()
const tls = await authority.issue('localhost')
const now = (): number => Date.now() / 1000
const issuer = createTestIssuer({ issuer: 'https://as.example', resource: RESOURCE, now })
const responseKey = generateSigningKey('Ed25519')
const newGuard = (mode?: Mode): Guard =>
  createGuard({
    issuer: issuer.trusted,
    resource: RESOURCE,
    clientKeys: issuer.clientKeys,
    responseKey,
    largestBody: 1000,
    mode,
  })
const BOTH: Requirements = { signedRequest: true, signedResponse: true }
const PIECES = ['one ', 'piece ', 'after another']

/**
 * An API with `POST /echo` (answers JSON with what its parser made of the body), and `GET /pieces`, `GET /empty` (204),
 * `GET /error` (throws). All take and give signed messages.
 */
type Api = (guard: Guard) => Promise<string>

const apis: Readonly<Record<string, Api>> = {
  'node:https': async (guard) => {
    const api = nodeAdapter.guard(guard)
    const server = createServer(tls, (request, response) => {
      void api.check(request, response, BOTH).then((granted) => {
        if (granted === undefined) return
        switch (request.url ?? '') {
          case '/pieces':
            response.writeHead(200, 'Well', { 'content-type': 'text/plain' })
            Readable.from(PIECES).pipe(response)
            break
          case '/empty':
            response.writeHead(204).end()
            break
          case '/error':
            response.writeHead(500, ['content-type', 'text/plain'])
            response.write('bro', 'latin1', () => response.end('ken'))
            break
          default:
            response.setHeader('content-type', 'application/json')
            response.end(Buffer.from(granted.body ?? []).toString('base64'), 'base64')
        }
      })
    })
    return await serve(server)
  },
  express: async (guard) => {
    const api = expressAdapter.guard(guard)
    const app = express()
    app.set('env', 'test')
    app.use(express.json({ verify: expressAdapter.keepBody }))
    app.post('/echo', api(BOTH), (request, response) => void response.json(request.body))
    app.get('/pieces', api(BOTH), (_request, response) => {
      Readable.from(PIECES).pipe(response.type('text'))
    })
    app.get('/empty', api(BOTH), (_request, response) => void response.status(204).end())
    app.get('/error', api(BOTH), () => {
      throw new Error('broken')
    })
    return await serve(createServer(tls, app))
  },
  fastify: async (guard) => {
    const api = fastifyAdapter.guard(guard)
    const app = fastify({ https: tls })
    app.post('/echo', api(BOTH), (request) => request.body)
    app.get('/pieces', api(BOTH), (_request, reply) =>
      reply.type('text/plain').send(Readable.from(PIECES)),
    )
    app.get('/empty', api(BOTH), (_request, reply) => reply.code(204).send())
    app.get('/error', api(BOTH), () => {
      throw new Error('broken')
    })
    after(() => app.close())
    return await app.listen({ port: 0, host: '127.0.0.1' })
  },
  hono: async (guard) => {
    const api = honoAdapter.guard(guard)
    const app = new Hono()
    app.post('/echo', api(BOTH), async (context) => context.json(await context.req.json()))
    app.get('/pieces', api(BOTH), (context) => context.body(ReadableStream.from(encoded(PIECES))))
    app.get('/empty', api(BOTH), (context) => context.body(null, 204))
    app.get('/error', api(BOTH), () => {
      throw new Error('broken')
    })
    app.onError((_error, context) => context.text('broken', 500))
    const listener = getRequestListener(app.fetch)
    return await serve(createServer(tls, (request, response) => void listener(request, response)))
  },
}

function* encoded(texts: readonly string[]): Generator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}

interface Answer {
  readonly status: number
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
}

async function send(origin: string, request: GuardRequest, body = ''): Promise<Answer> {
  const { port } = new URL(origin)
  const { method, target, headers } = request
  const length = body === '' ? [] : ['Content-Length', String(Buffer.byteLength(body))]
  return await new Promise((resolve, reject) => {
    const options = { host: 'localhost', port, path: target, method, agent: false as const }
    const sent = call({
      ...options,
      ca: authority.certificate,
      headers: [...headers, ...length, 'Host', 'api.example'],
    })
    sent.on('error', reject)
    sent.on('response', (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('error', reject)
      answer.on('end', () => {
        const { statusCode: status = 0, rawHeaders } = answer
        resolve({ status, rawHeaders, body: Buffer.concat(chunks) })
      })
    })
    sent.end(body)
  })
}

/** What a client checks before it believes an answer. */
function verify(answer: Answer, { method, target, headers }: GuardRequest): void {
  verifyResponseSignature({
    response: {
      status: answer.status,
      headers: answer.rawHeaders,
      request: { method, targetUri: RESOURCE + target, headers },
    },
    body: answer.body,
    keys: [verificationKeyOf(responseKey)],
    now: now(),
  })
}

const JSON_TYPE = ['Content-Type', 'application/json']
const asking = (change: RequestChange, body = ''): GuardRequest =>
  issuer.sign(issuer.request(change), { body })
const ECHO = { method: 'POST', target: '/echo', headers: JSON_TYPE }
// Parsed and written again, it would be shorter.
const SENT = '{ "amount":  1 }'

for (const [name, start] of Object.entries(apis)) {
  const origin = await start(newGuard())

  describe(`with ${name}`, () => {
    test('HS-RS-06 HS-RS-10 a signed body comes to the handler, and a signed one goes back', async () => {
      const request = asking(ECHO, SENT)
      const answer = await send(origin, request, SENT)
      assert.equal(answer.status, 200)
      assert.deepEqual(JSON.parse(answer.body.toString()), { amount: 1 })
      verify(answer, request)
    })

    test('HS-RS-10 an answer in pieces is signed as a whole', async () => {
      const request = asking({ target: '/pieces' })
      const answer = await send(origin, request)
      assert.deepEqual([answer.status, answer.body.toString()], [200, PIECES.join('')])
      verify(answer, request)
    })

    test('HS-RS-10 an answer without content is signed', async () => {
      const request = asking({ target: '/empty' })
      const answer = await send(origin, request)
      assert.deepEqual([answer.status, answer.body.length], [204, 0])
      verify(answer, request)
    })

    test('HS-RS-10 an answer about a failure is signed', async () => {
      const request = asking({ target: '/error' })
      const answer = await send(origin, request)
      assert.equal(answer.status, 500)
      assert.match(answer.body.toString(), /broken/)
      verify(answer, request)
    })

    test('HS-RS-01 what is not signed, or by a stranger, is refused with 401, signed', async () => {
      const stranger = generateSigningKey('ES256')
      for (const request of [
        issuer.request({ target: '/pieces' }),
        issuer.sign(issuer.request({ target: '/pieces' }), { key: stranger }),
      ]) {
        const answer = await send(origin, request)
        assert.equal(answer.status, 401)
        assert.equal(JSON.parse(answer.body.toString()).error, 'invalid_signature')
        verify(answer, request)
      }
    })

    test('a request without token is refused as ever, signed', async () => {
      const request = { method: 'GET', target: '/pieces', headers: [] }
      const answer = await send(origin, request)
      assert.equal(answer.status, 401)
      verify(answer, request)
    })

    test('HS-RS-06 another body, and one that was added, is refused', async () => {
      const request = asking(ECHO, SENT)
      assert.equal((await send(origin, request, '{ "amount":  2 }')).status, 401)
      assert.equal((await send(origin, asking(ECHO), SENT)).status, 401)
      const { status, body } = await send(origin, asking(ECHO, SENT))
      assert.deepEqual([status, JSON.parse(body.toString()).error], [401, 'invalid_signature'])
    })

    test('HS-RS-03 HS-RS-05 a token and a proof that were exchanged are refused', async () => {
      const theirs = issuer.request({ target: '/pieces' })
      const request = asking({ target: '/pieces' })
      const [, token = '', , proof = ''] = theirs.headers
      const headers = withFields(request.headers, { authorization: token, dpop: proof })
      assert.equal((await send(origin, { ...request, headers })).status, 401)
    })

    if (name !== 'express') {
      test('HS-RS-06 a body that is too large is refused', async () => {
        const large = JSON.stringify('x'.repeat(2000))
        const { status, body } = await send(origin, asking(ECHO, large), large)
        assert.deepEqual([status, JSON.parse(body.toString()).error], [400, 'invalid_request'])
      })
    }

    test('a guard that only observes lets everything through, and signs nothing', async () => {
      const open = await start(newGuard('observe'))
      const answer = await send(open, issuer.request(ECHO), SENT)
      assert.equal(answer.status, 200)
      if (name !== 'node:https') assert.match(answer.body.toString(), /amount/)
      assert.ok(!answer.rawHeaders.some((each) => /^signature$/i.test(each)))
    })
  })
}

test('HS-RS-06 with node, a body that the handler has read already is no empty one', async () => {
  const api = nodeAdapter.guard(newGuard())
  const failures: unknown[] = []
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    await buffer(request)
    await api.check(request, response, { signedRequest: true })
    response.end()
  }
  const server = createServer(tls, (request, response) => {
    handle(request, response).catch((error: unknown) => {
      failures.push(error)
      response.writeHead(500).end()
    })
  })
  const origin = await serve(server)
  assert.equal((await send(origin, asking(ECHO), 'amount=1')).status, 500)
  assert.match(String(failures), /^TypeError: the body of a signed request was read before/)
})

describe('with express', () => {
  test('a body that was parsed without keepBody is an error of the server, which says what to do', async () => {
    const api = expressAdapter.guard(newGuard())
    const app = express()
    app.set('env', 'test')
    app.use(express.json())
    app.post('/echo', api(BOTH), (_request, response) => void response.send('never'))
    const origin = await serve(createServer(tls, app))
    const { status, body } = await send(origin, asking(ECHO, SENT), SENT)
    assert.equal(status, 500)
    assert.match(body.toString(), /verify: keepBody/)
  })

  test('HS-RS-06 a body that was added is no empty one because a parser took it', async () => {
    const api = expressAdapter.guard(newGuard())
    const app = express()
    app.set('env', 'test')
    app.use(express.json(), express.text())
    app.post('/echo', api(BOTH), (request, response) => void response.send(request.body))
    const origin = await serve(createServer(tls, app))
    for (const [type, body] of [
      ['application/json', '{"amount":1}'],
      ['application/json', '{}'],
      ['text/plain', 'amount=1'],
    ] as const) {
      const request = asking({ ...ECHO, headers: ['Content-Type', type] })
      assert.equal((await send(origin, request, body)).status, 500, body)
    }
  })

  test('HS-RS-06 what a platform made of a body that nobody can read any more is not handled', async () => {
    for (const made of [{ amount: 1000 }, 'amount=1000', 1000]) {
      const api = expressAdapter.guard(newGuard())
      const app = express()
      app.set('env', 'test')
      app.use((request, _response, next) => {
        request.body = made
        next()
      })
      app.post('/echo', api(BOTH), (request, response) => void response.send(request.body))
      const origin = await serve(createServer(tls, app))
      assert.equal((await send(origin, asking(ECHO))).status, 500)
      const answer = await send(origin, asking(ECHO, SENT), SENT)
      assert.deepEqual([answer.status, answer.body.toString()], [200, SENT])
    }
  })

  test('a body that no parser took becomes bytes, as does one of express.raw()', async () => {
    const api = expressAdapter.guard(newGuard())
    const app = express()
    app.post('/raw', express.raw({ type: '*/*' }), api(BOTH), (request, response) => {
      response.send(String(Buffer.isBuffer(request.body)))
    })
    app.post('/echo', api(BOTH), (request, response) => {
      response.send(String(Buffer.isBuffer(request.body)))
    })
    const origin = await serve(createServer(tls, app))
    for (const target of ['/raw', '/echo']) {
      const answer = await send(origin, asking({ ...ECHO, target }, SENT), SENT)
      assert.deepEqual([answer.status, answer.body.toString()], [200, 'true'])
    }
    const large = 'x'.repeat(2000)
    assert.equal((await send(origin, asking(ECHO, large), large)).status, 400)
  })
})

test('an answer that breaks off is not taken for a whole one', async () => {
  const app = express()
  app.set('env', 'test')
  app.get('/pieces', expressAdapter.guard(newGuard())(BOTH), (_request, response) => {
    response.write('half of')
    throw new Error('broken')
  })
  const origin = await serve(createServer(tls, app))
  await assert.rejects(send(origin, asking({ target: '/pieces' })), { code: 'ECONNRESET' })
})

test('HS-RS-06 a body that breaks off harms nobody', async () => {
  const refusals: string[] = []
  const guard = createGuard({
    issuer: issuer.trusted,
    resource: RESOURCE,
    clientKeys: issuer.clientKeys,
    onRefusal: ({ reason }) => refusals.push(reason),
  })
  const api = nodeAdapter.guard(guard)
  const ended = Promise.withResolvers<unknown>()
  const server = createServer(tls, (request, response) => {
    void api.check(request, response, { signedRequest: true }).then(ended.resolve, ended.reject)
  })
  const { port } = new URL(await serve(server))
  const { method, target, headers } = asking(ECHO, SENT)
  const sent = call({
    host: 'localhost',
    port,
    method,
    path: target,
    ca: authority.certificate,
    headers: [...headers, 'Content-Length', '100', 'Host', 'api.example'],
  })
  sent.on('error', () => undefined)
  sent.write(SENT)
  server.once('request', () => setImmediate(() => sent.destroy()))
  assert.equal(await ended.promise, undefined)
  assert.deepEqual(refusals, ['signed_body_incomplete'])
})

test('HS-RS-06 after a body that is too large, the connection goes on', async () => {
  const origin = await apis['node:https']?.(newGuard())
  const { port } = new URL(origin ?? '')
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: authority.certificate })
  after(() => agent.destroy())
  const statusOf = (body: string): Promise<readonly [number | undefined, boolean]> =>
    new Promise((resolve, reject) => {
      const { method, target, headers } = asking(ECHO, body)
      const length = ['Content-Length', String(body.length), 'Host', 'api.example']
      const options = { agent, host: 'localhost', port, method, path: target }
      const sent = call({ ...options, headers: [...headers, ...length] })
      sent.on('error', reject)
      sent.on('response', (answer) => {
        answer.resume().on('end', () => resolve([answer.statusCode, sent.reusedSocket]))
      })
      sent.end(body)
    })
  assert.deepEqual(await statusOf('x'.repeat(500_000)), [400, false])
  assert.deepEqual(await statusOf(SENT), [200, true])
})

test('a body that was read before the guard of Hono is an error of the server', async () => {
  const app = new Hono()
  app.use(async (context, next) => {
    await context.req.json()
    await next()
  })
  app.post('/echo', honoAdapter.guard(newGuard())(BOTH), (context) => context.text('never'))
  const errors: unknown[] = []
  app.onError((error, context) => {
    errors.push(error)
    return context.text('sorry', 500)
  })
  const listener = getRequestListener(app.fetch)
  const origin = await serve(
    createServer(tls, (request, response) => void listener(request, response)),
  )
  assert.equal((await send(origin, asking(ECHO, SENT), SENT)).status, 500)
  assert.match(String(errors[0]), /mount the guard first/)
})

test('DPOP-PRF-08 HS-RS-03 what was proved and signed for one method is not handled as another', async () => {
  const api = honoAdapter.guard(newGuard())
  const app = new Hono()
  app.use(methodOverride({ app, header: 'x-method' }))
  for (const requirements of [{}, BOTH]) {
    app.on(['GET', 'POST', 'DELETE'], `/${Object.keys(requirements).length}`, api(requirements))
  }
  app.all('*', (context) => context.text(context.req.method))
  const listener = getRequestListener(app.fetch)
  const origin = await serve(
    createServer(tls, (request, response) => void listener(request, response)),
  )
  for (const target of ['/0', '/2']) {
    const answerTo = async (more: readonly string[]): Promise<string> => {
      const { headers, ...request } = asking({ method: 'POST', target })
      const { status, body } = await send(origin, { ...request, headers: [...headers, ...more] })
      return status === 200 ? body.toString() : String(status)
    }
    assert.equal(await answerTo([]), 'POST')
    assert.equal(await answerTo(['X-Method', 'DELETE']), '401')
    assert.equal(await answerTo(['X-Method', 'GET']), '401')
  }
})

test('routes that ask for what the options cannot do are told at once', () => {
  const options = { issuer: issuer.trusted, resource: RESOURCE }
  for (const adapter of [expressAdapter, fastifyAdapter, honoAdapter]) {
    const api = adapter.guard(options)
    assert.throws(() => api({ signedRequest: true }), /clientKeys/)
    assert.throws(() => api({ signedResponse: true }), /responseKey/)
  }
})
