import {
  createResponseSignature,
  generateSigningKey,
  importPublicJwk,
  readRequestSignature,
  verifyRequestContent,
  verifyRequestSignature,
  type HttpRequest,
  type ResponseToSign,
} from '@signet/protocol'
import { forgeSignature } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request as httpsRequest } from 'node:https'
import { describe, test } from 'node:test'
import type { ResponseKeys, RouteOptions } from './config/options.ts'
import { TEST_CA } from './testing/certificates.ts'
import { challenge, type ApiCall, type Finished } from './testing/scripted-api.ts'
import { serve } from './testing/serve.ts'
import { CLIENT_KEY, jsonOf, openStage, type Stage, type StageOptions } from './testing/stage.ts'
import { TestBrowser, type Answer } from './testing/test-browser.ts'

const apiKey = generateSigningKey('ES256')
const otherKey = generateSigningKey('ES256')
const { d: _d, ...publicJwk } = { d: undefined, ...CLIENT_KEY }
const clientKeys = [importPublicJwk(publicJwk)]
const SECRET = 'what only a proved answer may tell'

const SIGNED = {
  signedRequest: true,
  signedResponse: true,
  responseKeys: { jwks: { keys: [apiKey.publicJwk] } },
} as const

/** Routes that sign and want signatures, one that only signs, and one that only wants them. */
const routesOf = (api: string, change: Partial<RouteOptions> = {}): readonly RouteOptions[] => {
  const { signedRequest: _, ...proved } = { ...SIGNED, ...change }
  return [
    { match: '/api/', target: `${api}/v1/`, token: 'user', ...SIGNED, ...change },
    {
      match: '/shop/',
      target: `${api}/shop/`,
      token: 'client',
      scopes: ['shop'],
      signedRequest: true,
    },
    { match: '/public/', target: `${api}/public/`, token: 'none', csrf: false, ...proved },
  ]
}

interface Opened extends AsyncDisposable {
  readonly stage: Stage
  readonly browser: TestBrowser
}

/** A stage with a person who is logged in, and an API that signs what it answers. */
async function open(
  change: Partial<RouteOptions> = {},
  options: StageOptions = {},
): Promise<Opened> {
  const stage = await openStage({ routes: (api) => routesOf(api, change), ...options })
  const browser = new TestBrowser()
  await stage.logIn(browser)
  stage.api.finish = signing(stage)
  stage.api.handler = (_request, response) =>
    void response.writeHead(200, { 'content-type': 'text/plain' }).end(SECRET)
  return { stage, browser, [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose]() }
}

function requestOf({ api }: Stage, { method, url, rawHeaders }: ApiCall): HttpRequest {
  return { method, targetUri: api.origin + url, headers: rawHeaders }
}

type Finish = (answer: Finished, call: ApiCall) => Finished

function signing(stage: Stage, change: Partial<ResponseToSign> = {}): Finish {
  return (answer, call) => {
    const { status, body } = answer
    const response = { status, headers: [], request: requestOf(stage, call) }
    const now = stage.clock.now()
    const fields = createResponseSignature({ response, body, key: apiKey, now, ...change })
    return { ...answer, fields }
  }
}

/** Proves a call as the guard does. @returns what its signature covers */
function prove(stage: Stage, call: ApiCall, keys = clientKeys): readonly string[] {
  const request = requestOf(stage, call)
  const signature = readRequestSignature(request, stage.clock.now())
  verifyRequestSignature(signature, { request, keys })
  verifyRequestContent(signature, request, call.body)
  return [...signature.covers]
}

function refusals({ events }: Stage): readonly string[] {
  return events.flatMap((event) =>
    event.type === 'validation_failed' && event.where === 'response' ? [event.reason] : [],
  )
}

function assertDiscarded(answer: Answer): void {
  assert.deepEqual([answer.status, jsonOf(answer)['code']], [502, 'response_signature_invalid'])
  assert.ok(!answer.body.includes(SECRET))
  assert.equal(answer.headers['signature'], undefined)
}

describe('a route that signs its calls', () => {
  test('HS-CL-01 HS-CL-02 HS-CL-03 covers method, URL, token and proof, with created and tag', async () => {
    await using opened = await open()
    const { stage, browser } = opened
    for (const path of ['/api/a?page=2&x=%C3%A4', '/api/a', '/shop/b']) {
      assert.equal((await browser.call(stage.origin + path)).status, 200, path)
    }
    for (const call of stage.api.calls) {
      assert.deepEqual(prove(stage, call), [
        '"@method"',
        '"@target-uri"',
        '"authorization"',
        '"dpop"',
      ])
      const input = String(call.headers['signature-input'])
      assert.match(input, /^sig=\([^)]*\);created=\d{10};keyid="[\w-]{43}";tag="fapi-2-request"$/)
      assert.equal(call.headers['content-digest'], undefined)
    }
    assert.deepEqual(stage.api.problems, [])
  })

  test('HS-CL-01 covers the URL as it is sent, where a question mark has no query', async () => {
    await using opened = await open()
    const { stage, browser } = opened
    const headers = { cookie: browser.header(stage.origin, true), 'x-csrf': '1' }
    // URLs of Node lose it.
    const asking = httpsRequest(stage.origin, { ca: TEST_CA, path: '/api/a?', headers }).end()
    const [answer] = await once(asking, 'response')
    answer.resume()
    assert.equal(answer.statusCode, 200)
    for (const call of stage.api.calls) prove(stage, call)
    assert.equal(stage.api.calls.length, 1)
  })

  test('HS-CL-04 covers the digest of the bytes of a body, and of none where there is none', async () => {
    await using opened = await open()
    const { stage, browser } = opened
    const bodies = [randomBytes(65_536), Buffer.from('{ "amount":  1 }'), Buffer.alloc(0)]
    for (const body of bodies) {
      const answer = await browser.call(`${stage.origin}/api/pay`, { method: 'POST', body })
      assert.equal(answer.status, 200)
    }
    const covered = stage.api.calls.map((call) => prove(stage, call).includes('"content-digest"'))
    assert.deepEqual(covered, [true, true, false])
    assert.deepEqual(
      stage.api.calls.map(({ body }, at) => body.equals(bodies[at] ?? Buffer.from('no'))),
      [true, true, true],
    )
    assert.match(String(stage.api.calls[0]?.headers['content-digest']), /^sha-256=:/)
  })

  test('HS-CL-04 refuses a body it cannot hold, and never sends it unsigned', async () => {
    await using opened = await open()
    const { stage, browser } = opened
    const body = randomBytes(300_000)
    for (const headers of [{}, { 'transfer-encoding': 'chunked' }]) {
      const asking = { method: 'POST', body, headers }
      const answer = await browser.call(`${stage.origin}/api/pay`, asking)
      assert.deepEqual([answer.status, jsonOf(answer)['code']], [413, 'body_too_long'])
    }
    assert.deepEqual(stage.api.calls, [])
    assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 200)
  })

  test('HS-CL-02 names the key as the client does', async () => {
    const keys = [{ ...CLIENT_KEY, kid: 'app, "1"' }]
    await using opened = await open({}, { bff: { client: { client_id: 'bank', keys } } })
    const { stage, browser } = opened
    await browser.call(`${stage.origin}/api/x`)
    const [call] = stage.api.calls
    assert.ok(call !== undefined)
    prove(stage, call, [importPublicJwk({ ...publicJwk, kid: 'app, "1"' })])
    assert.ok(call.headers['signature-input']?.includes(String.raw`keyid="app, \"1\""`))
  })

  test('HS-CL-01 takes no signature of the browser for its own', async () => {
    await using opened = await open()
    const { stage, browser } = opened
    const headers = {
      signature: 'mine=:AAAA:',
      'signature-input': 'mine=("@method");created=1;tag="fapi-2-request"',
      'content-digest': 'sha-256=:AAAA:',
    }
    assert.equal((await browser.call(`${stage.origin}/api/x`, { headers })).status, 200)
    const [call] = stage.api.calls
    assert.ok(call !== undefined)
    prove(stage, call)
    assert.doesNotMatch(call.rawHeaders.join(), /mine|AAAA:/)
  })

  test('HS-CL-03 signs each attempt anew: with another nonce, and with another token', async () => {
    await using opened = await open()
    const { stage, browser } = opened
    stage.api.nonce = 'n1'
    stage.api.refused.add('token-1')
    const answer = await browser.call(`${stage.origin}/api/pay`, { method: 'POST', body: '{}' })
    assert.deepEqual([answer.status, answer.body], [200, SECRET])
    const { calls } = stage.api
    for (const call of calls) prove(stage, call)
    assert.deepEqual(
      calls.map(({ nonce, headers }) => [nonce, headers.authorization]),
      [
        [undefined, 'DPoP token-1'],
        ['n1', 'DPoP token-1'],
        ['n1', 'DPoP token-2'],
      ],
    )
    assert.equal(new Set(calls.map(({ headers }) => headers['signature'])).size, 3)
  })

  test('HS-CL-03 signs anew when a kept connection was closed', async () => {
    await using opened = await open()
    const { stage, browser } = opened
    await browser.call(`${stage.origin}/api/x`)
    const seen: unknown[] = []
    stage.api.early = (request) => {
      stage.api.early = undefined
      seen.push(request.headers['signature'], request.headers['dpop'])
      request.socket.destroy()
    }
    assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 200)
    const call = stage.api.calls.at(-1)
    assert.ok(call !== undefined)
    prove(stage, call)
    assert.notEqual(call.headers['signature'], seen[0])
    assert.notEqual(call.headers['dpop'], seen[1])
    assert.equal(typeof seen[0], 'string')
  })
})

const without = (fields: Finished['fields'], name: string): Finished['fields'] =>
  Object.fromEntries(Object.entries(fields).filter(([each]) => each !== name))

/** What happens to an answer, or who makes it, and how that shows. */
const BAD: Readonly<Record<string, readonly [(stage: Stage) => Finish, reason: string]>> = {
  'that was not signed': [() => (answer) => answer, 'response_signature_unreadable'],
  'that somebody else signed': [
    (stage) => signing(stage, { key: otherKey }),
    'response_signature_invalid',
  ],
  'that somebody else signed in the name of the API': [
    (stage) => signing(stage, { key: { ...otherKey, kid: apiKey.kid } }),
    'response_signature_invalid',
  ],
  'that is old': [
    (stage) => signing(stage, { now: stage.clock.now() - 61 }),
    'response_signature_created',
  ],
  'of the future': [
    (stage) => signing(stage, { now: stage.clock.now() + 61 }),
    'response_signature_created',
  ],
  'whose body was changed': [
    (stage) => (answer, call) => ({
      ...signing(stage)(answer, call),
      body: Buffer.from(`${SECRET}!`),
    }),
    'response_content_digest',
  ],
  'whose body was cut': [
    (stage) => (answer, call) => ({
      ...signing(stage)(answer, call),
      body: answer.body.subarray(0, 9),
    }),
    'response_content_digest',
  ],
  'whose body was taken away': [
    (stage) => (answer, call) => ({ ...signing(stage)(answer, call), body: Buffer.alloc(0) }),
    'response_content_digest',
  ],
  'whose body was added': [
    (stage) => (answer, call) => ({
      ...signing(stage, { body: Buffer.alloc(0) })(answer, call),
      body: answer.body,
    }),
    'response_signature_coverage',
  ],
  'whose status was changed': [
    (stage) => (answer, call) => ({ ...signing(stage)(answer, call), status: 201 }),
    'response_signature_invalid',
  ],
  'whose digest was taken away': [
    (stage) => (answer, call) => {
      const { fields, ...rest } = signing(stage)(answer, call)
      return { ...rest, fields: without(fields, 'content-digest') }
    },
    'response_signature_invalid',
  ],
  'with the tag of a request': [
    (stage) => (answer, call) => {
      const { fields, ...rest } = signing(stage)(answer, call)
      const input = String(fields['signature-input']).replace('-response"', '-request"')
      return { ...rest, fields: { ...fields, 'signature-input': input } }
    },
    'response_signature_unreadable',
  ],
  'to another URL': [
    (stage) => (answer, call) => signing(stage)(answer, { ...call, url: '/v1/other' }),
    'response_signature_invalid',
  ],
  'to a request that was not signed': [
    (stage) => (answer, call) => signing(stage)(answer, { ...call, rawHeaders: [] }),
    'response_signature_request_signature',
  ],
}

describe('an answer is discarded', () => {
  for (const [title, [finish, reason]] of Object.entries(BAD)) {
    test(`HS-CL-05 one ${title}`, async () => {
      await using opened = await open()
      const { stage, browser } = opened
      stage.api.finish = finish(stage)
      assertDiscarded(await browser.call(`${stage.origin}/api/x`))
      assert.deepEqual(refusals(stage), [reason])
      assert.equal(stage.api.calls.length, 1)
    })
  }
})

describe('a route with signed answers', () => {
  test('HS-CL-05 discards the answer to another call of the same', async () => {
    await using opened = await open()
    const { stage, browser } = opened
    const call = (): Promise<Answer> =>
      browser.call(`${stage.origin}/api/pay`, { method: 'POST', body: '{}' })
    const sign = signing(stage)
    let first: Finished | undefined
    stage.api.finish = (answer, asked) => (first ??= sign(answer, asked))
    assert.equal((await call()).status, 200)
    assertDiscarded(await call())
    assert.deepEqual(refusals(stage), ['response_signature_invalid'])
  })

  test('HS-CL-05 follows no challenge, and keeps no nonce, that is not signed', async () => {
    await using opened = await open()
    const { stage, browser } = opened
    stage.api.finish = undefined
    stage.api.nonce = 'n1'
    assertDiscarded(await browser.call(`${stage.origin}/api/x`))
    assertDiscarded(await browser.call(`${stage.origin}/api/x`))
    stage.api.nonce = undefined
    stage.api.refused.add('token-1')
    assertDiscarded(await browser.call(`${stage.origin}/api/x`))
    stage.api.handler = (_request, response) =>
      challenge(response, 'insufficient_user_authentication')
    stage.api.refused.clear()
    assertDiscarded(await browser.call(`${stage.origin}/api/x`))
    assert.deepEqual(
      stage.api.calls.map(({ nonce }) => nonce),
      [undefined, undefined, undefined, undefined],
    )
    assert.equal(stage.authority.calls('/token').length, 1)
  })

  test('HS-CL-05 discards errors that are not signed, and passes those that are', async () => {
    await using opened = await open()
    const { stage, browser } = opened
    stage.api.handler = (_request, response) => void response.writeHead(500).end(SECRET)
    const passed = await browser.call(`${stage.origin}/api/x`)
    assert.deepEqual([passed.status, passed.body], [500, SECRET])
    stage.api.finish = undefined
    assertDiscarded(await browser.call(`${stage.origin}/api/x`))
  })

  test('HS-CL-05 discards what breaks off, and asks no second time', async () => {
    await using opened = await open()
    const { stage, browser } = opened
    assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 200)
    stage.api.handler = (_request, { socket }) => {
      socket?.end(`HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n${SECRET}`)
    }
    const answer = await browser.call(`${stage.origin}/api/x`)
    assert.deepEqual([answer.status, jsonOf(answer)['code']], [502, 'upstream_unavailable'])
    assert.equal(stage.api.calls.length, 2)
  })

  test('HS-CL-05 waits for the rest no longer than for the head', async () => {
    await using opened = await open({ timeout: 0.3 })
    const { stage, browser } = opened
    stage.api.handler = (_request, { socket }) => {
      socket?.write(`HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n${SECRET}`)
    }
    const answer = await browser.call(`${stage.origin}/api/x`)
    assert.deepEqual([answer.status, jsonOf(answer)['code']], [504, 'upstream_timeout'])
  })

  test('HS-CL-05 discards what is too long to be held', async () => {
    await using opened = await open()
    const { stage, browser } = opened
    for (const [size, status] of [
      [1_048_576, 200],
      [1_048_577, 502],
    ] as const) {
      stage.api.handler = (_request, response) =>
        void response.writeHead(200).end(Buffer.alloc(size))
      assert.equal((await browser.call(`${stage.origin}/api/x`)).status, status)
    }
    assert.deepEqual(refusals(stage), ['response_too_long'])
  })

  test('HS-CL-05 passes answers without a body', async () => {
    await using opened = await open()
    const { stage, browser } = opened
    for (const [method, status] of [
      ['HEAD', 200],
      ['DELETE', 204],
      ['GET', 304],
    ] as const) {
      stage.api.handler = (_request, response) =>
        void response.writeHead(status, { etag: '"1"' }).end()
      const answer = await browser.call(`${stage.origin}/api/x`, { method })
      assert.deepEqual([answer.status, answer.headers.etag, answer.body], [status, '"1"', ''])
    }
  })

  test('HS-CL-05 needs no signature of the call', async () => {
    await using opened = await open()
    const { stage, browser } = opened
    assert.equal((await browser.call(`${stage.origin}/public/x`)).body, SECRET)
    assert.equal(stage.api.calls[0]?.headers['signature'], undefined)
    stage.api.finish = (answer, asked) => signing(stage)(answer, { ...asked, method: 'PUT' })
    assertDiscarded(await browser.call(`${stage.origin}/public/x`))
  })

  test('HS-CL-05 knows every field of the call, if the API ties its answer to more', async () => {
    await using opened = await open({ signedRequest: false })
    const { stage, browser } = opened
    const more = ['host', 'accept', 'authorization'].map((name) => ` "${name}";req`).join('')
    stage.api.handler = (_request, response) => void response.writeHead(200).end()
    stage.api.finish = (answer, call) => {
      const response = { status: answer.status, headers: [], request: requestOf(stage, call) }
      const input = `sig=("@status" "@method";req "@target-uri";req${more});created=${stage.clock.now()};keyid="${apiKey.kid}";tag="fapi-2-response"`
      const [, said = '', , value = ''] = forgeSignature(response, input, apiKey)
      return { ...answer, fields: { 'signature-input': said, signature: value } }
    }
    const headers = { accept: 'text/plain' }
    assert.equal((await browser.call(`${stage.origin}/api/x`, { headers })).status, 200)
  })

  test('HS-CL-05 asks for bytes that nobody compresses', async () => {
    await using opened = await open()
    const { stage, browser } = opened
    const headers = { 'accept-encoding': 'gzip' }
    for (const path of ['/api/x', '/shop/x']) {
      await browser.call(stage.origin + path, { headers })
    }
    assert.deepEqual(
      stage.api.calls.map((call) => call.headers['accept-encoding']),
      ['identity', 'gzip'],
    )
  })
})

describe('the keys of an API', () => {
  /** Publishes whatever `keys` holds at the moment. */
  async function publish(): Promise<
    AsyncDisposable & { keys: readonly object[] | undefined; asked: number; uri: ResponseKeys }
  > {
    const site = await serve((_request, response) => {
      published.asked += 1
      const { keys } = published
      response.writeHead(keys === undefined ? 503 : 200).end(JSON.stringify({ keys }))
    })
    const published = {
      keys: [apiKey.publicJwk] as readonly object[] | undefined,
      asked: 0,
      uri: { jwksUri: `${site.origin}/jwks` },
      [Symbol.asyncDispose]: () => site.close(),
    }
    return published
  }

  test('HS-CL-05 are fetched when they are needed, and again for one that is new, now and then', async () => {
    await using published = await publish()
    await using opened = await open({ responseKeys: published.uri })
    const { stage, browser } = opened
    const call = async (): Promise<number> => (await browser.call(`${stage.origin}/api/x`)).status
    assert.equal(published.asked, 0)
    assert.deepEqual([await call(), await call(), published.asked], [200, 200, 1])
    published.keys = [otherKey.publicJwk]
    stage.api.finish = signing(stage, { key: otherKey })
    assert.deepEqual([await call(), published.asked], [502, 1])
    stage.clock.advance(10)
    // A key that is known is no reason to ask.
    stage.api.finish = signing(stage)
    assert.deepEqual([await call(), published.asked], [200, 1])
    stage.api.finish = signing(stage, { key: otherKey })
    assert.deepEqual([await call(), await call(), published.asked], [200, 200, 2])
    stage.api.finish = signing(stage)
    assert.deepEqual([await call(), await call(), published.asked], [502, 502, 2])
  })

  test('HS-CL-05 that cannot be had prove nothing', async () => {
    await using published = await publish()
    published.keys = undefined
    await using opened = await open({ responseKeys: published.uri })
    const { stage, browser } = opened
    for (let at = 0; at < 3; at++) assertDiscarded(await browser.call(`${stage.origin}/api/x`))
    assert.equal(published.asked, 1)
    assert.deepEqual(refusals(stage), Array(3).fill('response_keys_unavailable'))
    published.keys = [apiKey.publicJwk]
    stage.clock.advance(10)
    assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 200)
    // What was good stays good while they cannot be fetched.
    published.keys = undefined
    stage.clock.advance(600)
    assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 200)
    assert.equal(published.asked, 3)
  })
})
