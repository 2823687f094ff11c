import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { Agent, request as httpsRequest } from 'node:https'
import type { Duplex } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, mock, test } from 'node:test'
import { connect } from 'node:tls'
import { SessionsUnavailable, type SessionStore } from './sessions/port.ts'
import { TEST_CA } from './testing/certificates.ts'
import { createMemorySessions } from './testing/memory-sessions.ts'
import { openSocket } from './testing/open-socket.ts'
import { challenge } from './testing/scripted-api.ts'
import { jsonOf, openStage, type Stage } from './testing/stage.ts'
import { TestBrowser } from './testing/test-browser.ts'

const COOKIE = '__Host-Http-bank'
const LARGE = randomBytes(300_000)
/** Of a socket that stays open when its other end is closed. */
const HALF_OPEN = { allowHalfOpen: true }
const SOON = { timeout: 30_000 }

async function loggedIn(stage: Stage): Promise<TestBrowser> {
  const browser = new TestBrowser()
  await stage.logIn(browser)
  return browser
}

describe('the proxy', () => {
  test('SP-CL-03 DPOP-CL-01 sends each call with the token in its header and a proof of its own', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    await browser.call(`${stage.origin}/api/accounts?page=2`)
    await browser.call(`${stage.origin}/api/accounts?page=2`)
    const [first, second] = stage.api.calls
    assert.equal(first?.url, '/v1/accounts?page=2')
    assert.equal(first.headers.authorization, 'DPoP token-1')
    assert.notEqual(first.headers['dpop'], second?.headers['dpop'])
    assert.deepEqual(stage.api.problems, [])
  })

  test('BFF-02 BFF-09 keeps the cookie, and what the browser claims to be, from the API', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    await browser.call(`${stage.origin}/api/x`, {
      headers: {
        authorization: 'Bearer mine',
        dpop: 'x',
        'x-forwarded-for': '1.1.1.1',
        forwarded: 'for=1',
      },
    })
    const [call] = stage.api.calls
    assert.ok(call !== undefined)
    assert.equal(call.headers.cookie, undefined)
    assert.equal(call.headers.authorization, 'DPoP token-1')
    assert.deepEqual(
      Object.keys(call.headers).filter((name) => /forward|csrf|sec-fetch/.test(name)),
      [],
    )
    assert.equal(call.headers.host, new URL(stage.api.origin).host)
  })

  test('BFF-10 SP-NET-11 lets no API set cookies, and adds what protects the page', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    const { headers } = await browser.call(`${stage.origin}/api/x`)
    assert.equal(headers['set-cookie'], undefined)
    assert.match(headers['strict-transport-security'] ?? '', /max-age=63072000/)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['referrer-policy'], 'no-referrer')
    assert.match(String(headers['content-security-policy']), /default-src 'none'/)
    assert.equal(headers['cache-control'], 'no-store')
  })

  test('BFF-06 BFF-07 refuses calls that another site could make', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    for (const headers of [
      { 'x-csrf': undefined },
      { 'x-csrf': '0' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
    ]) {
      for (const method of ['GET', 'POST']) {
        const answer = await browser.call(`${stage.origin}/api/x`, { method, headers })
        assert.equal(answer.status, 403, JSON.stringify(headers))
        assert.equal(jsonOf(answer)['code'], 'csrf_rejected')
      }
    }
    assert.equal(stage.api.calls.length, 0)
    assert.equal(stage.events.filter(({ type }) => type === 'csrf_rejected').length, 12)
  })

  test('BFF-07 answers no preflight, and never says who may read', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    for (const path of ['/api/x', '/bff/user', '/public/x', '/']) {
      for (const method of ['OPTIONS', 'GET']) {
        const answer = await browser.call(stage.origin + path, {
          method,
          headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
        })
        const cors = Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))
        assert.deepEqual(cors, [], path)
        if (method === 'OPTIONS') assert.ok(answer.status >= 400, path)
      }
    }
  })

  test('BFF-09 takes the methods and paths of its routes only', async () => {
    await using stage = await openStage({
      routes: (api) => [{ match: '/api/', target: `${api}/v1/`, token: 'user', methods: ['GET'] }],
    })
    const browser = await loggedIn(stage)
    const post = await browser.call(`${stage.origin}/api/x`, { method: 'POST' })
    assert.equal(post.status, 405)
    assert.equal(post.headers['allow'], 'GET')
    for (const path of ['/other', '/apix', '/v1/x']) {
      assert.equal((await browser.call(stage.origin + path)).status, 404, path)
    }
    assert.equal(stage.api.calls.length, 0)
  })

  test('BFF-09 BCP-13 no path leads to another host or folder', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    for (const path of [
      '/api/../admin',
      '/api/%2e%2e/admin',
      '/api/..%2fadmin',
      '/api/..;/admin',
      '/api//evil.example/',
      '/api/%5c..%5cadmin',
      '//evil.example/api/',
      'https://evil.example/api/x',
    ]) {
      const answer = await rawCall(stage, browser, path)
      assert.ok([400, 404].includes(answer), `${path}: ${answer}`)
    }
    assert.equal(stage.api.calls.length, 0)
  })

  test('nobody lives at another host', async () => {
    await using stage = await openStage()
    const answer = await new TestBrowser().call(`${stage.origin}/bff/user`, {
      headers: { host: 'evil.example' },
    })
    assert.equal(answer.status, 421)
  })

  test('BFF-08 without session, a route of users answers 401 and says where to log in', async () => {
    await using stage = await openStage()
    const browser = new TestBrowser()
    browser.jar(stage.origin).set(COOKIE, { value: 'B'.repeat(43), sameSite: 'Strict' })
    const answer = await browser.call(`${stage.origin}/api/x`)
    assert.equal(answer.status, 401)
    assert.equal(jsonOf(answer)['login_url'], '/bff/login')
    assert.equal(browser.cookie(stage.origin, COOKIE), undefined)
    assert.equal(stage.api.calls.length, 0)
  })

  test('each kind of route gets its kind of token', async () => {
    await using stage = await openStage()
    const nobody = new TestBrowser()
    const somebody = await loggedIn(stage)
    for (const browser of [nobody, somebody]) {
      for (const path of ['/shop/x', '/news/x', '/public/x']) {
        assert.equal((await browser.call(stage.origin + path)).status, 200, path)
      }
    }
    assert.deepEqual(
      stage.api.calls.map(({ url, headers }) => [url, headers.authorization]),
      [
        ['/shop/x', 'DPoP token-2'],
        ['/news/x', undefined],
        ['/public/x', undefined],
        ['/shop/x', 'DPoP token-2'],
        ['/news/x', 'DPoP token-1'],
        ['/public/x', undefined],
      ],
    )
    const [, credentials] = stage.authority.calls('/token')
    assert.equal(credentials?.form.get('grant_type'), 'client_credentials')
    assert.equal(credentials.form.get('scope'), 'shop')
    // What is public needs no script.
    assert.equal((await nobody.open(`${stage.origin}/public/x`, 'cross-site')).status, 200)
  })
})

describe('the answers of the proxy', () => {
  test('an API that is down, silent or broken gives a clear answer', async () => {
    await using stage = await openStage({
      routes: (api) => [{ match: '/api/', target: `${api}/v1/`, token: 'user', timeout: 0.2 }],
    })
    const browser = await loggedIn(stage)
    stage.api.early = (request) => void request.destroy()
    assert.equal((await browser.call(`${stage.origin}/api/x`, { method: 'POST' })).status, 502)
    stage.api.early = () => new Promise(() => undefined)
    const slow = await browser.call(`${stage.origin}/api/x`)
    assert.equal(slow.status, 504)
    assert.equal(jsonOf(slow)['code'], 'upstream_timeout')
    stage.api.early = undefined
    stage.api.handler = (_request, response) => void response.writeHead(500).end('oops')
    const broken = await browser.call(`${stage.origin}/api/x`)
    assert.deepEqual([broken.status, broken.body], [500, 'oops'])
    assert.ok(browser.cookie(stage.origin, COOKIE) !== undefined)
  })

  test('answers without body, and to HEAD, pass', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    stage.api.handler = ({ method }, response) =>
      void response.writeHead(method === 'HEAD' ? 200 : 204, { etag: '"1"' }).end()
    const head = await browser.call(`${stage.origin}/api/x`, { method: 'HEAD' })
    assert.deepEqual([head.status, head.headers.etag, head.body], [200, '"1"', ''])
    const gone = await browser.call(`${stage.origin}/api/x`, { method: 'DELETE' })
    assert.deepEqual([gone.status, gone.body], [204, ''])
  })

  test('redirects of an API stay on its route', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    for (const [location, told] of [
      [`${stage.api.origin}/v1/payments/7`, '/api/payments/7'],
      ['https://evil.example/', undefined],
      ['/admin', undefined],
    ] as const) {
      stage.api.handler = (_request, response) => void response.writeHead(303, { location }).end()
      const answer = await browser.call(`${stage.origin}/api/x`)
      assert.equal(answer.headers.location, told)
    }
  })

  test('RFC 9470: who wants a newer or stronger login gets the app to ask for it', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    stage.api.handler = (_request, response) =>
      challenge(
        response,
        'insufficient_user_authentication',
        ', max_age=60, acr_values="strong odd"',
      )
    const answer = await browser.call(`${stage.origin}/api/payments`, {
      method: 'POST',
      body: '{}',
    })
    assert.equal(answer.status, 401)
    assert.equal(jsonOf(answer)['code'], 'step_up_required')
    assert.equal(jsonOf(answer)['login_url'], '/bff/login?acr_values=strong&max_age=60')
    assert.ok(browser.cookie(stage.origin, COOKIE) !== undefined)
    assert.equal(stage.api.calls.length, 1)
  })

  test('tells what it brought, with the status', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    await browser.call(`${stage.origin}/api/x`)
    await browser.call(`${stage.origin}/api/x`, { headers: { 'x-csrf': undefined } })
    await new Promise((resolve) => setImmediate(resolve))
    const statuses = stage.events.flatMap((event) =>
      event.type === 'proxied' ? [[event.route, event.status]] : [],
    )
    assert.deepEqual(statuses, [
      ['/api/', 200],
      ['/api/', 403],
    ])
  })
})

describe('an API with nonces', () => {
  test('SP-CL-08 DPOP-CL-03 is asked again once, with a new proof, and its nonce is kept', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    stage.api.nonce = 'api nonce'.replace(' ', '-')
    for (let at = 0; at < 3; at++) {
      const answer = await browser.call(`${stage.origin}/api/x`, { method: 'POST', body: 'hello' })
      assert.equal(answer.status, 200)
    }
    assert.deepEqual(
      stage.api.calls.map(({ nonce, body }) => [nonce, body.toString()]),
      [
        [undefined, 'hello'],
        ['api-nonce', 'hello'],
        ['api-nonce', 'hello'],
        ['api-nonce', 'hello'],
      ],
    )
    assert.deepEqual(stage.api.problems, [])
    // The two servers never see the nonces of each other.
    assert.equal(stage.authority.problems.length, 0)
  })

  test('SP-CL-08 that is never content is not asked for ever', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    let count = 0
    stage.api.handler = (_request, response) => {
      response.setHeader('dpop-nonce', `nonce-${(count += 1)}`)
      challenge(response, 'use_dpop_nonce')
    }
    const answer = await browser.call(`${stage.origin}/api/x`)
    assert.equal(answer.status, 503)
    assert.equal(jsonOf(answer)['code'], 'try_again')
    assert.equal(count, 2)
    stage.api.handler = (_request, response) => {
      response.setHeader('dpop-nonce', 'nonce-2')
      count += 1
      challenge(response, 'use_dpop_nonce')
    }
    // It asks for the nonce it was just given: another try would not help.
    await browser.call(`${stage.origin}/api/x`)
    assert.equal(count, 3)
  })

  test('SP-CL-06 a refused token is renewed, and tried once more', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    stage.api.nonce = 'n1'
    stage.api.refused.add('token-1')
    const answers = await Promise.all(
      [1, 2, 3].map(() => browser.call(`${stage.origin}/api/x`, { method: 'PUT', body: 'x' })),
    )
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200],
    )
    assert.equal(stage.authority.calls('/token').length, 2)
    assert.deepEqual(stage.api.problems, [])
  })

  test('an API that refuses every token is not asked for ever, and ends no session', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    let count = 0
    stage.api.handler = (_request, response) => {
      count += 1
      challenge(response, 'invalid_token')
    }
    const answer = await browser.call(`${stage.origin}/api/x`)
    assert.equal(answer.status, 401)
    assert.equal(jsonOf(answer)['code'], 'token_refused')
    assert.equal(count, 2)
    assert.ok(browser.cookie(stage.origin, COOKIE) !== undefined)
  })

  test('SP-CL-08 asks for a nonce before it sends what it cannot send twice', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    stage.api.nonce = 'n1'
    stage.api.refused.add('token-1')
    for (const nonce of ['n1', 'n2']) {
      stage.api.nonce = nonce
      const answer = await browser.call(`${stage.origin}/api/upload`, {
        method: 'POST',
        body: LARGE,
      })
      assert.equal(answer.status, 200, answer.body)
      assert.equal(jsonOf(answer)['length'], LARGE.length)
    }
    const posts = stage.api.calls.filter(({ method }) => method === 'POST')
    assert.deepEqual(
      posts.map(({ body }) => body.equals(LARGE)),
      [true, true],
    )
    assert.deepEqual(stage.api.problems, [])
  })
})

describe('streams', () => {
  test('B18 bodies pass whole in both directions, with and without length', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    stage.api.handler = (_request, response) => {
      const [call] = stage.api.calls.slice(-1)
      response.end(call?.body)
    }
    for (const size of [0, 1, 65_535, 65_536, 65_537, 300_000]) {
      const body = LARGE.subarray(0, size)
      for (const chunked of [false, true]) {
        const answer = await upload(stage, browser, { body, chunked })
        assert.ok(answer.equals(body), `${size} ${chunked}`)
      }
    }
  })

  test('B18 an upload waits for a slow API instead of filling memory', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    await browser.call(`${stage.origin}/api/x`)
    stage.api.early = () => new Promise(() => undefined)
    const upstream = open(stage, browser)
    upstream.on('error', () => undefined)
    let written = 0
    const chunk = Buffer.alloc(65_536)
    while (upstream.write(chunk) && written < 1_000) written += 1
    for (let round = 0; round < 200 && written < 1_000; round++) {
      const drained = once(upstream, 'drain').then(() => true)
      const stuck = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 100))
      if (!(await Promise.race([drained, stuck]))) break
      while (upstream.write(chunk) && written < 1_000) written += 1
    }
    upstream.destroy()
    assert.ok(written < 500, `${written} chunks of 64 kB were taken`)
  })

  test('B18 events arrive when they happen', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    let say = (_text: string): void => undefined
    let closed = (): void => undefined
    const gone = new Promise<void>((resolve) => (closed = resolve))
    stage.api.handler = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      response.once('close', closed)
      say = (text) => void response.write(`data: ${text}\n\n`)
    }
    // As EventSource asks: without X-CSRF, but the browser vouches.
    const headers = { accept: 'text/event-stream', 'sec-fetch-site': 'same-origin' }
    const stream = await browser.stream(`${stage.origin}/api/events`, { headers })
    assert.equal(stream.statusCode, 200)
    for (const text of ['one', 'two']) {
      say(text)
      const [data]: readonly unknown[] = await once(stream, 'data')
      assert.equal(String(data), `data: ${text}\n\n`)
    }
    // And the API hears when nobody listens any more.
    stream.destroy()
    await gone
  })

  test('BFF-06 events are not for other sites', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    for (const site of ['cross-site', 'same-site', undefined]) {
      const headers = { accept: 'text/event-stream', 'sec-fetch-site': site }
      const stream = await browser.stream(`${stage.origin}/api/events`, { headers })
      assert.equal(stream.statusCode, 403)
      stream.resume()
    }
  })

  test('events end when the session does', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    stage.api.handler = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    }
    mock.timers.enable({ apis: ['setInterval'] })
    try {
      const headers = { accept: 'text/event-stream', 'sec-fetch-site': 'same-origin' }
      const stream = await browser.stream(`${stage.origin}/api/events`, { headers })
      stream.on('error', () => undefined)
      stream.resume()
      const closed = new Promise((resolve) => stream.once('close', resolve))
      await browser.call(`${stage.origin}/bff/logout`, { method: 'POST' })
      mock.timers.tick(15_000)
      await closed
    } finally {
      mock.timers.reset()
    }
  })
})

describe('WebSockets', () => {
  test('B18 pass, with a token and a proof, and a nonce if the API wants one', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    const seen = echoServer(stage, 'ws-nonce')
    const { status, socket } = await openSocket(stage, browser, {})
    assert.equal(status, 101)
    assert.ok(socket !== undefined)
    socket.write('hello')
    const [data]: readonly unknown[] = await once(socket, 'data')
    assert.equal(String(data), 'hello')
    socket.destroy()
    assert.deepEqual(seen, ['DPoP token-1', 'DPoP token-1'])
  })

  test('BFF-06 are not for other sites, nor for nobody', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    const seen = echoServer(stage)
    for (const origin of ['https://evil.example', 'null', undefined]) {
      assert.equal((await openSocket(stage, browser, { origin })).status, 403)
    }
    const crossSite = { 'sec-fetch-site': 'cross-site' }
    assert.equal((await openSocket(stage, browser, crossSite)).status, 403)
    assert.equal((await openSocket(stage, new TestBrowser(), {})).status, 401)
    assert.equal((await openSocket(stage, browser, { path: '/shop/socket' })).status, 404)
    assert.equal((await openSocket(stage, browser, { path: '/bff/user' })).status, 404)
    assert.equal(seen.length, 0)
  })

  test(
    'that are refused keep no connection, also of somebody who does not close it',
    SOON,
    async () => {
      await using stage = await openStage()
      const { hostname, port, host } = new URL(stage.origin)
      const accepted = once(stage.app.server, 'secureConnection')
      const socket = connect({ ...HALF_OPEN, host: hostname, port: Number(port), ca: TEST_CA })
      const [served]: readonly unknown[] = await accepted
      assert.ok(served instanceof EventEmitter)
      const closed = once(served, 'close')
      socket.write(
        `GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`,
      )
      const [answer]: readonly unknown[] = await once(socket, 'data')
      assert.match(String(answer), /^HTTP\/1.1 404 /)
      await closed
      socket.destroy()
    },
  )

  test(
    'hear that the BFF goes away, but not in the middle of what they are told',
    SOON,
    async () => {
      for (const [told, heard] of [
        ['', '880203e9'],
        ['8101', '8101'],
      ] as const) {
        await using stage = await openStage()
        stage.api.server?.on('upgrade', (_request, socket: Duplex) => {
          socket.on('error', () => undefined)
          socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n')
          socket.write('connection: Upgrade\r\n\r\n')
          socket.write(Buffer.from(told, 'hex'))
        })
        const { socket } = await openSocket(stage, await loggedIn(stage), {})
        assert.ok(socket !== undefined)
        const all = buffer(socket)
        // What the API says has come.
        if (told !== '') await once(socket, 'data')
        await stage.app.close()
        assert.equal((await all).toString('hex'), heard)
      }
    },
  )

  test('take leave of the API too, and do not wait for a browser that does not', SOON, async () => {
    for (const answer of [Buffer.from('88820000000003e9', 'hex'), undefined]) {
      await using stage = await openStage()
      const told = Promise.withResolvers<Buffer>()
      stage.api.server?.on('upgrade', (_request, socket: Duplex) => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n')
        socket.write('connection: Upgrade\r\n\r\n')
        told.resolve(buffer(socket))
      })
      const browser = await loggedIn(stage)
      const { hostname, port, host } = new URL(stage.origin)
      const socket = connect({ ...HALF_OPEN, host: hostname, port: Number(port), ca: TEST_CA })
      const cookie = browser.header(stage.origin, true)
      const fields = `host: ${host}\r\norigin: ${stage.origin}\r\ncookie: ${cookie}\r\n`
      socket.write(
        `GET /api/socket HTTP/1.1\r\n${fields}connection: upgrade\r\nupgrade: websocket\r\n\r\n`,
      )
      assert.match(String(await once(socket, 'data')), /^HTTP\/1.1 101 /)
      const ended = stage.app.close()
      assert.equal(Buffer.concat(await once(socket, 'data')).toString('hex'), '880203e9')
      if (answer !== undefined) socket.end(answer)
      assert.deepEqual(await told.promise, answer ?? Buffer.alloc(0))
      await ended
      socket.destroy()
    }
  })

  test('say what is away: the API, or the sessions', async () => {
    const memory = createMemorySessions()
    let down = false
    const get: SessionStore['get'] = async (id) => {
      if (down) throw new SessionsUnavailable('away')
      return memory.get(id)
    }
    await using stage = await openStage({ store: { ...memory, get } })
    const browser = await loggedIn(stage)
    stage.api.server?.on('upgrade', (_request, socket: Duplex) => socket.destroy())
    assert.equal((await openSocket(stage, browser, {})).status, 502)
    down = true
    assert.equal((await openSocket(stage, browser, {})).status, 503)
    assert.ok(stage.events.some(({ type }) => type === 'store_unavailable'))
    assert.ok(stage.events.every(({ type }) => type !== 'fault'))
  })
})

/** Takes WebSockets and says again what it hears. @returns the credentials that came */
function echoServer(stage: Stage, nonce?: string): unknown[] {
  const seen: unknown[] = []
  stage.api.server?.on('upgrade', (request, socket: Duplex) => {
    seen.push(request.headers.authorization)
    const [, claims = ''] = String(request.headers['dpop']).split('.')
    const proof: { nonce?: string } = JSON.parse(Buffer.from(claims, 'base64url').toString())
    if (proof.nonce !== nonce) {
      return void socket.end(
        `HTTP/1.1 401 Unauthorized\r\nwww-authenticate: DPoP error="use_dpop_nonce"\r\ndpop-nonce: ${nonce}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
      )
    }
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
    )
    socket.on('error', () => undefined)
    socket.pipe(socket)
  })
  return seen
}

const agent = new Agent({ ca: TEST_CA })

function open(stage: Stage, browser: TestBrowser): ReturnType<typeof httpsRequest> {
  const headers = { cookie: browser.header(stage.origin, true), 'x-csrf': '1' }
  return httpsRequest(`${stage.origin}/api/upload`, { agent, method: 'POST', headers })
}

async function upload(
  stage: Stage,
  browser: TestBrowser,
  { body, chunked }: { readonly body: Buffer; readonly chunked: boolean },
): Promise<Buffer> {
  const request = open(stage, browser)
  if (!chunked) request.setHeader('content-length', body.length)
  for (let at = 0; at < body.length; at += 20_000) request.write(body.subarray(at, at + 20_000))
  request.end()
  const [answer]: readonly unknown[] = await once(request, 'response')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what this event carries
  return buffer(answer as NodeJS.ReadableStream)
}

/** A request target as no browser would send it. */
async function rawCall(stage: Stage, browser: TestBrowser, path: string): Promise<number> {
  const { hostname, port } = new URL(stage.origin)
  const headers = { cookie: browser.header(stage.origin, true), 'x-csrf': '1' }
  const request = httpsRequest({ hostname, port, path, agent, headers }).end()
  const [answer]: readonly unknown[] = await once(request, 'response')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what this event carries
  const { statusCode = 0 } = (answer as import('node:http').IncomingMessage).resume()
  return statusCode
}
