import assert from 'node:assert/strict'
import { createServer, request as call } from 'node:https'
import { after, describe, test } from 'node:test'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono, type Context } from 'hono'
import { createHash, X509Certificate } from 'node:crypto'
import { createGuard } from '../create-guard.ts'
import type { Guard } from '../guard.ts'
import { createAuthority } from '../testing/certificates.ts'
import { serve } from '../testing/https-server.ts'
import { createTestIssuer } from '../testing/index.ts'
import * as expressAdapter from './express.ts'
import * as fastifyAdapter from './fastify.ts'
import * as honoAdapter from './hono.ts'
import * as nodeAdapter from './node.ts'

const RESOURCE = 'https://api.example'
const authority = await createAuthority()
const tls = {
  ...(await authority.issue('localhost')),
  requestCert: true,
  rejectUnauthorized: false,
}
const client = await authority.issue('client')
const issuer = createTestIssuer({
  issuer: 'https://as.example',
  resource: RESOURCE,
  now: () => Date.now() / 1000,
})
const newGuard = (): Guard =>
  createGuard({ issuer: issuer.trusted, resource: RESOURCE, senderConstraint: 'either' })

interface Answer {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly rawHeaders: readonly string[]
  readonly text: string
}

interface Sent {
  readonly method: string
  readonly target: string
  readonly headers: readonly string[]
  readonly body?: string
}

function send(origin: string, { method, target, headers, body }: Sent): Promise<Answer> {
  const { port } = new URL(origin)
  return new Promise((resolve, reject) => {
    const options = { host: 'localhost', port, path: target, method, agent: false as const }
    const sent = call({
      ...options,
      ca: authority.certificate,
      ...client,
      headers: [...headers, 'Host', 'evil.example'],
    })
    sent.on('error', reject)
    sent.on('response', (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => (text += part))
      answer.on('end', () =>
        resolve({
          status: answer.statusCode,
          headers: answer.headers,
          rawHeaders: answer.rawHeaders,
          text,
        }),
      )
    })
    sent.end(body)
  })
}

/** An API with `GET /v1/accounts` (scope accounts), `POST /v1/form` and the metadata document. */
type Api = () => Promise<string>

const apis: Readonly<Record<string, Api>> = {
  'node:https': async () => {
    const api = nodeAdapter.guard(newGuard())
    const server = createServer(tls, (request, response) => {
      if (api.metadata(request, response)) return
      void api.check(request, response, { requireScopes: ['accounts'] }).then((granted) => {
        if (granted !== undefined) response.end(String(granted.token?.['sub']))
      })
    })
    return await serve(server)
  },
  express: async () => {
    const api = expressAdapter.guard(newGuard())
    const app = express()
    app.use(api.metadata)
    const v1 = express.Router()
    v1.use(express.urlencoded())
    v1.get('/accounts', api({ requireScopes: ['accounts'] }), (request, response) => {
      response.send(String(expressAdapter.grantOf(request).token?.['sub']))
    })
    v1.post('/form', api(), (_request, response) => void response.send('posted'))
    v1.post('/plain', api(), (_request, response) => void response.send('plain'))
    v1.get('/open', (request, response) => {
      expressAdapter.grantOf(request)
      response.send('open')
    })
    app.use('/v1', v1)
    return await serve(createServer(tls, app))
  },
  fastify: async () => {
    const api = fastifyAdapter.guard(newGuard())
    const app = fastify({ https: tls })
    app.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string' },
      (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
    )
    app.get(api.metadataPath, api.metadata)
    app.get('/v1/accounts', api({ requireScopes: ['accounts'] }), (request) =>
      String(fastifyAdapter.grantOf(request).token?.['sub']),
    )
    app.post('/v1/form', api(), () => 'posted')
    app.post('/v1/plain', api(), () => 'plain')
    app.get('/v1/open', (request) => fastifyAdapter.grantOf(request).action)
    after(() => app.close())
    return await app.listen({ port: 0, host: '127.0.0.1' })
  },
  hono: async () => {
    const api = honoAdapter.guard(newGuard())
    const app = new Hono()
    app.use(api.metadata)
    app.get('/v1/accounts', api({ requireScopes: ['accounts'] }), (context) =>
      context.text(String(honoAdapter.grantOf(context).token?.['sub'])),
    )
    app.post('/v1/plain', api(), (context) => context.text('plain'))
    app.post('/v1/form', api(), async (context) => {
      const { a } = await context.req.parseBody()
      return context.text(a === undefined ? 'lost' : 'posted')
    })
    app.get('/v1/open', (context) => context.text(honoAdapter.grantOf(context).action))
    const listener = getRequestListener(app.fetch)
    return await serve(createServer(tls, (request, response) => void listener(request, response)))
  },
}

const FORM = ['Content-Type', 'application/x-www-form-urlencoded']
const accounts = { target: '/v1/accounts' }

for (const [name, start] of Object.entries(apis)) {
  const origin = await start()

  describe(`with ${name}`, () => {
    test('SP-RS-01 SP-RS-05 a good request passes, whatever the Host header says', async () => {
      const { status, text, headers } = await send(origin, issuer.request(accounts))
      assert.deepEqual([status, text], [200, 'alice'])
      assert.match(String(headers['x-fapi-interaction-id']), /^[0-9a-f-]{36}$/)
    })

    test('a form that nobody can read is no fault of the server', async () => {
      for (const target of ['/v1/accounts', '/v1/plain']) {
        const method = target === '/v1/plain' ? 'POST' : 'GET'
        const { headers } = issuer.request({ method, target })
        const type = ['Content-Type', 'multipart/form-data']
        const { status } = await send(origin, { method, target, headers: [...headers, ...type] })
        assert.ok(status !== undefined && status < 500, `${target}: ${status}`)
      }
    })

    test('SP-RS-07 refusals carry status, challenge and a Date', async () => {
      for (const [request, status, error] of [
        [{ method: 'GET', target: '/v1/accounts', headers: [] }, 401, undefined],
        [issuer.request({ target: '/v1/accounts?access_token=x' }), 400, 'invalid_request'],
        [issuer.request({ ...accounts, proof: 'none' }), 401, 'invalid_dpop_proof'],
        [issuer.request({ ...accounts, proof: { method: 'POST' } }), 401, 'invalid_dpop_proof'],
        [issuer.request({ target: '/v1/accounts', scheme: 'Bearer' }), 401, 'invalid_token'],
        [
          issuer.request({ ...accounts, token: issuer.token({ scope: 'x' }) }),
          403,
          'insufficient_scope',
        ],
      ] as const) {
        const answer = await send(origin, request)
        assert.equal(answer.status, status)
        const names = answer.rawHeaders.filter((_, at) => at % 2 === 0)
        const challenges = names.filter((header) => header.toLowerCase() === 'www-authenticate')
        assert.equal(challenges.length, 1)
        const challenge = String(answer.headers['www-authenticate'])
        assert.equal(/error="([^"]*)"/.exec(challenge)?.[1], error)
        assert.equal(answer.text === '' ? undefined : JSON.parse(answer.text).error, error)
        assert.notEqual(answer.headers['date'], undefined)
      }
    })

    test('DPOP-PRF-01 OAU-10 two DPoP or Authorization headers are seen', async () => {
      const request = issuer.request(accounts)
      const twoProofs = { ...request, headers: [...request.headers, 'dpop', 'x'] }
      const proofs = await send(origin, twoProofs)
      assert.equal(proofs.status, 401)
      assert.match(String(proofs.headers['www-authenticate']), /invalid_dpop_proof/)
      const twoTokens = { ...request, headers: [...request.headers, 'authorization', 'DPoP x'] }
      assert.equal((await send(origin, twoTokens)).status, 400)
    })

    test('DPOP-PRF-15 a proof works once', async () => {
      const request = issuer.request(accounts)
      assert.equal((await send(origin, request)).status, 200)
      assert.equal((await send(origin, request)).status, 401)
    })

    test('MTLS-06 the certificate of the connection counts', async () => {
      const { raw } = new X509Certificate(client.cert)
      const thumbprint = createHash('sha256').update(raw).digest('base64url')
      for (const [x5t, status] of [
        [thumbprint, 200],
        ['another', 401],
      ] as const) {
        const token = issuer.token({ cnf: { 'x5t#S256': x5t } })
        const request = issuer.request({ ...accounts, token, scheme: 'Bearer', proof: 'none' })
        assert.equal((await send(origin, request)).status, status)
      }
    })

    test('PRM-01 the metadata document is served to anybody', async () => {
      const target = '/.well-known/oauth-protected-resource'
      const { status, headers, text } = await send(origin, { method: 'GET', target, headers: [] })
      assert.equal(status, 200)
      assert.match(String(headers['content-type']), /^application\/json/)
      assert.equal(JSON.parse(text).resource, RESOURCE)
    })

    if (name !== 'node:https') {
      test('SP-RS-02 a token in a form is refused, and another form passes', async () => {
        const post = { method: 'POST', target: '/v1/form', headers: FORM }
        const good = await send(origin, { ...issuer.request(post), body: 'a=b' })
        assert.deepEqual([good.status, good.text], [200, 'posted'])
        const bad = await send(origin, { ...issuer.request(post), body: 'a=b&access_token=x' })
        assert.equal(bad.status, 400)
      })

      test('a route without guard grants nothing', async () => {
        const { status } = await send(origin, { method: 'GET', target: '/v1/open', headers: [] })
        assert.equal(status, 500)
      })
    }
  })
}

test('Hono off Node sees the headers as they were joined, and refuses two of a kind', async () => {
  const app = new Hono()
  const api = honoAdapter.guard(newGuard())
  app.get('/v1/accounts', api(), (context) => context.text('x'))
  const answer = async (extra: readonly (readonly [string, string])[]): Promise<number> => {
    const headers = new Headers()
    const request = issuer.request(accounts)
    for (let at = 0; at < request.headers.length; at += 2) {
      headers.append(request.headers[at] ?? '', request.headers[at + 1] ?? '')
    }
    for (const [name, value] of extra) headers.append(name, value)
    return (await app.request('/v1/accounts', { headers })).status
  }
  assert.equal(await answer([]), 200)
  assert.equal(await answer([['dpop', 'x.y.z']]), 401)
  assert.equal(await answer([['authorization', 'DPoP x']]), 400)
})

test('SP-RS-02 Hono lets no form pass that somebody read before the guard, who keeps it for himself', async () => {
  const post = { method: 'POST', target: '/v1/form', headers: FORM }
  for (const [read, status] of [
    [async ({ req }: Context) => void (await req.raw.text()), 500],
    [async ({ req }: Context) => void (await req.text()), 400],
  ] as const) {
    const app = new Hono()
    const api = honoAdapter.guard(newGuard())
    app.use(async (context, next) => {
      await read(context)
      await next()
    })
    app.post('/v1/form', api(), (context) => context.text('x'))
    app.onError((_error, context) => context.text('fault', 500))
    const { method, headers } = issuer.request(post)
    const fields = Array.from({ length: headers.length / 2 }, (_, at): [string, string] => [
      headers[2 * at] ?? '',
      headers[2 * at + 1] ?? '',
    ])
    const form = { method, headers: new Headers(fields), body: 'a=b&access_token=x' }
    assert.equal((await app.request('/v1/form', form)).status, status)
  }
})

test('SP-RS-02 a form is one however its type is written', () => {
  for (const type of [
    'application/x-www-form-urlencoded',
    'Application/X-WWW-Form-URLencoded;charset=utf-8',
    'application/x-www-form-urlencoded ; charset=utf-8',
    'application/x-www-form-urlencoded\t; charset=utf-8',
    'multipart/form-data; boundary=x',
  ]) {
    assert.equal(nodeAdapter.isForm(type), true, type)
  }
  for (const type of ['', 'application/json', 'application/x-www-form-urlencoded-ish']) {
    assert.equal(nodeAdapter.isForm(type), false, type)
  }
})
