import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { connect } from 'node:net'
import { cookieHeader, type Received } from '../testing/exchange.ts'
import { pathIn, push, startRig, type Rig } from '../testing/rig.ts'

let rig: Rig
/** One answer of every kind. */
const answers: Record<string, Received> = {}
before(async () => {
  rig = await startRig()
  const arrived = await rig.get(await push(rig))
  const place = pathIn(arrived)
  const cookie = cookieHeader(arrived)
  Object.assign(answers, {
    'the arrival of a browser': arrived,
    'the login page': await rig.get(place, { cookie }),
    'a wrong password': await rig.post(
      `${place}/login`,
      { username: 'x', password: 'y' },
      { cookie },
    ),
    'a cancelled login': await rig.post(`${place}/cancel`, {}, { cookie }),
    'an expired login': await rig.get(place, { cookie }),
    'a browser without reference': await rig.get('/authorize'),
    'the page after logout': await rig.get('/logout'),
    'the home page': await rig.get('/'),
    'a page that does not exist': await rig.get('/nothing', { accept: 'text/html' }),
    'a refused push': await rig.post('/par', {}),
    'a wrong method': await rig.get('/par'),
    'an unknown address': await rig.get('/nothing'),
    'the metadata': await rig.get('/.well-known/openid-configuration'),
    'the keys': await rig.get('/jwks'),
    'userinfo without token': await rig.get('/userinfo'),
  })
})
after(() => rig.server.close())

test('SP-NET-11 every answer tells browsers to come by TLS only, errors and redirects too', () => {
  for (const [what, { headers }] of Object.entries(answers)) {
    const age = /^max-age=(\d+)$/.exec(headers['strict-transport-security'] ?? '')?.[1]
    assert.ok(Number(age) >= 31_536_000, what)
  }
})

const pages = (): (readonly [string, Received])[] =>
  Object.entries(answers).filter(([, { headers }]) =>
    headers['content-type']?.startsWith('text/html'),
  )

test('BCP-17 no page can be framed', () => {
  assert.ok(pages().length >= 7, String(pages().length))
  for (const [what, { headers }] of pages()) {
    const policy = String(headers['content-security-policy'])
    assert.match(policy, /(^|; )frame-ancestors 'none'(;|$)/, what)
    assert.equal(headers['x-frame-options'], 'DENY', what)
  }
})

test('BCP-10 SP-SEC-05 no page runs a script, loads from elsewhere, or tells where it was', () => {
  for (const [what, { headers, body }] of pages()) {
    const policy = String(headers['content-security-policy'])
    for (const directive of [
      "default-src 'none'",
      "style-src 'self'",
      "img-src 'self'",
      "base-uri 'none'",
    ]) {
      assert.ok(policy.split('; ').includes(directive), `${what}: ${directive}`)
    }
    assert.ok(!policy.includes('script-src'), what)
    assert.ok(!/<script|\son\w+=|style=/i.test(body), what)
    assert.equal(headers['referrer-policy'], 'no-referrer', what)
    assert.equal(headers['cache-control'], 'no-store', what)
    assert.equal(headers['x-content-type-options'], 'nosniff', what)
  }
})

test('a form may lead to ourselves and, where its redirects end there, to the client', () => {
  const formAction = (what: string): string | undefined =>
    /form-action ([^;]*)/.exec(String(answers[what]?.headers['content-security-policy']))?.[1]
  assert.equal(formAction('the login page'), "'self' https://app.example")
  assert.equal(formAction('a wrong password'), "'self' https://app.example")
  assert.equal(formAction('the home page'), "'self'")
})

test('SP-AZ-10 SP-AZ-11 every redirect is a 303, and no cache keeps it', () => {
  const redirects = Object.entries(answers).filter(([, { headers }]) => headers.location)
  assert.ok(redirects.length >= 2)
  for (const [what, { status, headers }] of redirects) {
    assert.equal(status, 303, what)
    assert.equal(headers['cache-control'], 'no-store', what)
    assert.equal(headers['referrer-policy'], 'no-referrer', what)
  }
})

test('SP-CL-14 every answer says what time it is', () => {
  for (const [what, { headers }] of Object.entries(answers)) {
    assert.ok(Math.abs(Date.parse(headers.date ?? '') - Date.now()) < 60_000, what)
  }
})

test('no answer says what it was made with', () => {
  for (const [what, { rawHeaders }] of Object.entries(answers)) {
    assert.ok(!/fastify|node|express|x-powered-by|^server$/i.test(rawHeaders.join('\n')), what)
  }
})

describe('SP-NET-13 the authorization endpoint', () => {
  const preflight = { origin: 'https://app.example', 'access-control-request-method': 'GET' }

  test('SP-NET-13 does not take a preflight', async () => {
    const answer = await rig.send('/authorize', { method: 'OPTIONS', headers: preflight })
    assert.equal(answer.status, 405)
    assert.ok(!answer.rawHeaders.some((name) => /^access-control-/i.test(name)))
  })

  test('SP-NET-13 lets no other page read what it answers, nor does anything but what is published', async () => {
    const origin = { origin: 'https://app.example' }
    const open = []
    for (const path of [
      '/authorize?client_id=app',
      '/par',
      '/token',
      '/userinfo',
      '/introspect',
      '/logout',
      '/',
      '/interaction/x',
      '/errors/x',
      '/nothing',
      '/jwks',
      '/.well-known/openid-configuration',
    ]) {
      const answer = await rig.get(path, origin)
      if (answer.rawHeaders.some((name) => /^access-control-/i.test(name))) open.push(path)
    }
    assert.deepEqual(open, ['/jwks', '/.well-known/openid-configuration'])
  })

  test('SP-NET-13 lets no other page read where it sends a browser', async () => {
    const arrived = await rig.get(await push(rig), { origin: 'https://app.example' })
    const silent = await rig.get(await push(rig, { prompt: 'none' }), {
      origin: 'https://app.example',
    })
    for (const { status, rawHeaders } of [arrived, silent]) {
      assert.equal(status, 303)
      assert.ok(!rawHeaders.some((name) => /^access-control-/i.test(name)))
    }
  })
})

/** Sends bytes that no client library would. */
async function speak(bytes: string): Promise<string> {
  const port = Number(new URL(rig.server.url).port)
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk))
  socket.end(bytes)
  await new Promise((resolve) => socket.on('close', resolve))
  return answer
}

for (const [title, bytes, status] of [
  ['no HTTP at all', 'hello\r\n\r\n', 400],
  ['a header field without colon', 'GET / HTTP/1.1\r\nHost: a\r\nx\r\n\r\n', 400],
  [
    'two lengths',
    'POST /par HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    400,
  ],
  [
    'a length and chunks',
    'POST /par HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  ['no host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
  ['no host and no route', 'GET /x HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
  [
    'header fields over 16 KiB',
    `GET / HTTP/1.1\r\nHost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
    431,
  ],
] as const) {
  test(`OAU-05 ${title} gives ${status} as JSON with an event`, async () => {
    const answer = await speak(bytes)
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `))
    assert.match(answer, /strict-transport-security: max-age/i)
    const body: { error: string; error_uri: string } = JSON.parse(answer.slice(answer.indexOf('{')))
    assert.equal(body.error, 'invalid_request')
    assert.ok(await rig.store().audit.find(body.error_uri.replace(/.*\//, '')))
  })
}

test('a caller who goes away in the middle of a body harms nobody', async () => {
  const port = Number(new URL(rig.server.url).port)
  for (const path of ['/par', '/userinfo', '/authorize', '/nothing', '/interaction/x/login']) {
    const socket = connect(port, '127.0.0.1')
    socket.write(`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nab`)
    await new Promise((resolve) => setImmediate(resolve))
    socket.resetAndDestroy()
  }
  assert.equal((await rig.get('/jwks')).status, 200)
})
