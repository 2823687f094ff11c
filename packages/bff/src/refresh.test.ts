import { forge } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SessionsUnavailable, type SessionStore } from './sessions/port.ts'
import { createMemorySessions } from './testing/memory-sessions.ts'
import { json } from './testing/scripted-authority.ts'
import { jsonOf, openStage, type Stage } from './testing/stage.ts'
import { TestBrowser, type Answer } from './testing/test-browser.ts'

const COOKIE = '__Host-Http-bank'

async function loggedIn(stage: Stage): Promise<TestBrowser> {
  const browser = new TestBrowser()
  await stage.logIn(browser)
  return browser
}

function refreshedIdToken({ authority: { issuer, key } }: Stage, sub = 'alice'): string {
  const now = Math.floor(Date.now() / 1_000)
  const claims = { iss: issuer, sub, aud: 'bank', iat: now, exp: now + 60 }
  return forge({ alg: key.algorithm, kid: key.kid }, claims, key)
}

function refreshes(stage: Stage): number {
  const calls = stage.authority.calls('/token')
  return calls.filter(({ form }) => form.get('grant_type') === 'refresh_token').length
}

function results(stage: Stage): readonly string[] {
  return stage.events.flatMap((event) => (event.type === 'refresh' ? [event.result] : []))
}

const tokensSeen = (stage: Stage): readonly unknown[] =>
  stage.api.calls.map(({ headers }) => headers.authorization)

describe('refreshing', () => {
  test('SP-CL-06 BFF-08 renews an expired token before it is used', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    await browser.call(`${stage.origin}/api/x`)
    stage.clock.advance(400)
    assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 200)
    assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 200)
    assert.deepEqual(tokensSeen(stage), ['DPoP token-1', 'DPoP token-2', 'DPoP token-2'])
    assert.equal(refreshes(stage), 1)
    assert.deepEqual(stage.authority.problems, [])
  })

  test('SP-CL-06 keeps the refresh token when none comes', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    stage.authority.tokenAnswer = { refresh_token: undefined }
    for (let at = 0; at < 2; at++) {
      stage.clock.advance(400)
      assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 200)
    }
    assert.equal(refreshes(stage), 2)
  })

  test('BFF-08 asks once for many calls at once, in several processes', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    const other = await stage.another()
    browser.cookies.set(other, browser.jar(stage.origin))
    stage.clock.advance(400)
    const origins = Array.from({ length: 12 }, (_, at) => (at % 2 === 0 ? stage.origin : other))
    const answers = await Promise.all(origins.map((origin) => browser.call(`${origin}/api/x`)))
    assert.deepEqual(
      answers.map(({ status }) => status),
      origins.map(() => 200),
    )
    assert.equal(refreshes(stage), 1)
    assert.deepEqual(new Set(tokensSeen(stage)), new Set(['DPoP token-2']))
    assert.equal(results(stage).filter((result) => result === 'refreshed').length, 1)
  })

  test('BFF-08 a loser of another process waits for a slow winner', async () => {
    const memory = createMemorySessions()
    let lost = (): void => undefined
    const lock: SessionStore['lock'] = async (lease) => {
      const won = await memory.lock(lease)
      if (!won) lost()
      return won
    }
    await using stage = await openStage({ store: { ...memory, lock } })
    const browser = await loggedIn(stage)
    const other = await stage.another()
    browser.cookies.set(other, browser.jar(stage.origin))
    stage.clock.advance(400)
    let release = (): void => undefined
    const asked = new Promise<void>((resolve) => {
      stage.authority.faults.set('/token', async (_request, response) => {
        resolve()
        await new Promise<void>((go) => (release = go))
        json(response, 200, { access_token: 'late', token_type: 'DPoP', expires_in: 300 })
      })
    })
    const first = browser.call(`${stage.origin}/api/x`)
    await asked
    lost = () => release()
    const second = browser.call(`${other}/api/x`)
    assert.deepEqual([(await first).status, (await second).status], [200, 200])
    assert.equal(refreshes(stage), 1)
    assert.ok(results(stage).includes('shared'))
  })

  test('BFF-08 ends a session whose refresh token is dead, once, without a loop', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    stage.authority.refreshable = false
    stage.clock.advance(400)
    const answer = await browser.call(`${stage.origin}/api/x`)
    assert.equal(answer.status, 401)
    assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8')
    const problem = jsonOf(answer)
    assert.equal(problem['code'], 'login_required')
    assert.equal(problem['login_url'], '/bff/login')
    assert.equal(browser.cookie(stage.origin, COOKIE), undefined)
    assert.equal(stage.api.calls.length, 0)
    assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 401)
    assert.equal(refreshes(stage), 1)
    assert.equal(await stage.store.count(stage.clock.now()), 0)
  })

  test('BFF-08 without refresh token the session ends with the access token', async () => {
    await using stage = await openStage()
    stage.authority.tokenAnswer = { refresh_token: undefined }
    const browser = await loggedIn(stage)
    assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 200)
    stage.clock.advance(400)
    assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 401)
    assert.equal(refreshes(stage), 0)
  })

  test('a session that ended during the refresh does not come back', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    stage.clock.advance(400)
    const sessions = await stage.store.ofSubject(stage.authority.issuer, 'alice')
    stage.authority.faults.set('/token', async (_request, response) => {
      await stage.store.delete(sessions[0]?.id ?? '')
      json(response, 200, { access_token: 'late', token_type: 'DPoP', expires_in: 300 })
    })
    assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 401)
    assert.equal(await stage.store.count(stage.clock.now()), 0)
  })

  test('BFF-08 a refusal ends no session that somebody else has renewed meanwhile', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    stage.clock.advance(400)
    const [session] = await stage.store.ofSubject(stage.authority.issuer, 'alice')
    stage.authority.faults.set('/token', async (_request, response) => {
      await stage.store.replace(session?.id ?? '', 0, session?.sealed ?? '')
      json(response, 400, { error: 'invalid_grant' })
    })
    assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 502)
    stage.authority.faults.clear()
    stage.clock.advance(2)
    assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 200)
  })

  test('a refresh that brings the ID token of another person changes nothing', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    stage.clock.advance(400)
    stage.authority.tokenAnswer = { id_token: refreshedIdToken(stage, 'eve') }
    assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 503)
    assert.deepEqual(tokensSeen(stage), [])
    stage.authority.tokenAnswer = { id_token: refreshedIdToken(stage) }
    stage.clock.advance(2)
    assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 200)
  })

  test('DPOP-CL-02 a refresh that brings a bearer token changes nothing', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    stage.clock.advance(400)
    stage.authority.tokenAnswer = { token_type: 'Bearer' }
    assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 503)
    stage.authority.tokenAnswer = {}
    stage.clock.advance(2)
    assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 200)
  })

  test('SP-CL-13 a route with scopes of its own gets a token of its own', async () => {
    await using stage = await openStage({
      routes: (api) => [
        { match: '/api/', target: `${api}/`, token: 'user' },
        {
          match: '/less/',
          target: `${api}/`,
          token: 'user',
          scopes: ['accounts'],
          resource: 'https://api.example/less',
        },
      ],
    })
    const browser = await loggedIn(stage)
    for (const path of ['/api/x', '/less/x', '/less/x', '/api/x']) {
      assert.equal((await browser.call(stage.origin + path)).status, 200)
    }
    assert.deepEqual(tokensSeen(stage), [
      'DPoP token-1',
      'DPoP token-2',
      'DPoP token-2',
      'DPoP token-1',
    ])
    const [, refresh] = stage.authority.calls('/token')
    assert.equal(refresh?.form.get('scope'), 'accounts')
    assert.equal(refresh.form.get('resource'), 'https://api.example/less')
  })
})

describe('a server that rotates refresh tokens', () => {
  test('SP-CL-06 keeps a rotated refresh token, twice in a row', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    for (const name of ['refresh-2', 'refresh-3']) {
      stage.authority.tokenAnswer = { refresh_token: name }
      stage.clock.advance(400)
      assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 200)
    }
    const sent = stage.authority.calls('/token').map(({ form }) => form.get('refresh_token'))
    assert.deepEqual(sent, [null, 'refresh-1', 'refresh-2'])
  })

  test('MS-IDT-01 spends no refresh token while the keys of the server are not to be had', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    // A process that has never asked for the keys.
    const other = await stage.another()
    browser.cookies.set(other, browser.jar(stage.origin))
    stage.authority.tokenAnswer = { refresh_token: 'refresh-2', id_token: refreshedIdToken(stage) }
    stage.authority.faults.set('/jwks', (request) => void request.destroy())
    stage.clock.advance(400)
    assert.equal((await browser.call(`${other}/api/x`)).status, 503)
    assert.equal(refreshes(stage), 0)
    stage.authority.faults.clear()
    stage.clock.advance(10)
    assert.equal((await browser.call(`${other}/api/x`)).status, 200)
    assert.equal(refreshes(stage), 1)
  })

  test('uses what a refresh brought also when the store is away once it is kept', async () => {
    const memory = createMemorySessions()
    const unlock: SessionStore['unlock'] = () => Promise.reject(new SessionsUnavailable('away'))
    await using stage = await openStage({ store: { ...memory, unlock } })
    const browser = await loggedIn(stage)
    stage.clock.advance(400)
    assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 200)
    assert.equal(refreshes(stage), 1)
  })

  test('SP-CL-06 keeps a rotated refresh token also when the store is away for a moment', async () => {
    const memory = createMemorySessions()
    const troubles = ['before it wrote', 'after it wrote']
    const replace: SessionStore['replace'] = async (...row) => {
      const trouble = troubles.shift()
      if (trouble === undefined) return memory.replace(...row)
      if (trouble === 'after it wrote') await memory.replace(...row)
      throw new SessionsUnavailable(trouble)
    }
    await using stage = await openStage({ store: { ...memory, replace } })
    const browser = await loggedIn(stage)
    for (const name of ['refresh-2', 'refresh-3']) {
      stage.authority.tokenAnswer = { refresh_token: name }
      stage.clock.advance(400)
      assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 200)
    }
    assert.deepEqual(troubles, [])
    const sent = stage.authority.calls('/token').map(({ form }) => form.get('refresh_token'))
    assert.deepEqual(sent, [null, 'refresh-1', 'refresh-2'])
  })
})

test('BCP-13 SP-CL-13 the token of a login goes to no route that wants a narrower one', async () => {
  await using stage = await openStage({
    routes: (api) => [
      { match: '/api/', target: `${api}/`, token: 'user' },
      { match: '/less/', target: `${api}/`, token: 'user', resource: 'https://api.example/less' },
    ],
  })
  stage.authority.tokenAnswer = { refresh_token: undefined }
  const browser = await loggedIn(stage)
  assert.equal((await browser.call(`${stage.origin}/less/x`)).status, 503)
  assert.deepEqual(tokensSeen(stage), [])
  assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 200, 'the session lives on')
})

describe('an authorization server in trouble', () => {
  const troubles: Readonly<Record<string, Parameters<Stage['authority']['faults']['set']>[1]>> = {
    down: (request) => void request.destroy(),
    slow: () => new Promise(() => undefined),
    'answering 500': (_request, response) => void response.writeHead(500).end('oops'),
    'answering 503 in JSON': (_request, response) =>
      json(response, 503, { error: 'temporarily_unavailable' }),
    'answering garbage': (_request, response) =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end('{"access_tok'),
    'answering a page': (_request, response) =>
      void response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Hello</h1>'),
    'answering without end': (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const chunk = Buffer.alloc(65_536, 0x20)
      const more = (): void => {
        if (!response.destroyed && response.write(chunk)) setImmediate(more)
        else response.once('drain', more)
      }
      more()
    },
    'redirecting elsewhere': (_request, response) =>
      void response.writeHead(302, { location: 'https://evil.example/' }).end(),
    'doubting our own credentials': (_request, response) =>
      json(response, 401, { error: 'invalid_client' }),
  }
  const quick = { bff: { timeout: 1 } }

  for (const [title, fault] of Object.entries(troubles)) {
    test(`${title}: a refresh fails clearly, and the session lives on`, async () => {
      await using stage = await openStage(quick)
      const browser = await loggedIn(stage)
      const before = browser.cookie(stage.origin, COOKIE)
      stage.clock.advance(400)
      stage.authority.faults.set('/token', fault)
      const answers = await Promise.all([1, 2, 3].map(() => browser.call(`${stage.origin}/api/x`)))
      for (const answer of answers) {
        assert.ok([502, 503].includes(answer.status), String(answer.status))
        assert.equal(answer.headers['set-cookie'], undefined)
        assert.match(String(jsonOf(answer)['code']), /authorization_server/)
      }
      assert.equal(refreshes(stage), 1)
      stage.authority.faults.clear()
      stage.clock.advance(2)
      assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 200)
      assert.equal(browser.cookie(stage.origin, COOKIE), before)
    })

    for (const leg of ['/.well-known/openid-configuration', '/par', '/token', '/jwks']) {
      test(`${title} at ${leg}: the login fails clearly, and works afterwards`, async () => {
        await using stage = await openStage(quick)
        const browser = new TestBrowser()
        stage.authority.faults.set(leg, fault)
        const answer = await loginAsFarAsItGoes(stage, browser)
        assert.ok([400, 502, 503].includes(answer.status), `${answer.status} ${answer.body}`)
        assert.match(answer.body, /<h1>/)
        assert.equal(browser.cookie(stage.origin, COOKIE), undefined)
        assert.ok(stage.authority.calls(leg).length <= 2)
        stage.authority.faults.clear()
        stage.clock.advance(2)
        await stage.logIn(browser)
      })
    }
  }

  test('B19 the BFF starts without it, and tells its readiness', async () => {
    await using stage = await openStage(quick)
    stage.authority.faults.set('/.well-known/openid-configuration', (request) => {
      request.destroy()
    })
    const user = await new TestBrowser().call(`${stage.origin}/bff/user`)
    assert.deepEqual(jsonOf(user), { authenticated: false })
  })

  test('a clock that is set back does not make a failure last', async () => {
    await using stage = await openStage(quick)
    const discovery = '/.well-known/openid-configuration'
    stage.authority.faults.set(discovery, (request) => void request.destroy())
    const browser = new TestBrowser()
    assert.equal((await browser.open(`${stage.origin}/bff/login`)).status, 503)
    stage.authority.faults.clear()
    stage.clock.advance(-600)
    await stage.begin(browser)
    stage.clock.advance(600)
    await stage.logIn(browser)
    stage.authority.faults.set('/token', (request) => void request.destroy())
    stage.clock.advance(800)
    assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 503)
    stage.authority.faults.clear()
    stage.clock.advance(-300)
    assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 200)
  })

  test('metadata that was found serves while the server is down', async () => {
    await using stage = await openStage(quick)
    const browser = await loggedIn(stage)
    stage.authority.faults.set('/.well-known/openid-configuration', (request) => {
      request.destroy()
    })
    stage.clock.advance(800)
    assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 200)
  })
})

async function loginAsFarAsItGoes(stage: Stage, browser: TestBrowser): Promise<Answer> {
  const answer = await browser.open(`${stage.origin}/bff/login`)
  if (answer.status !== 303) return answer
  return browser.open(stage.authority.back(answer.headers.location ?? ''), 'cross-site')
}

describe('nonces of the authorization server', () => {
  test('SP-CL-08 DPOP-CL-01 PKJ-12 each leg is sent again once, with a fresh assertion and proof', async () => {
    await using stage = await openStage({ bff: { userinfo: false } })
    const browser = new TestBrowser()
    stage.authority.nonce = 'first'
    const location = await stage.begin(browser)
    assert.equal(stage.authority.calls('/par').length, 2)
    stage.authority.nonce = 'second'
    await browser.open(stage.authority.back(location), 'cross-site')
    assert.equal(stage.authority.calls('/token').length, 2)
    stage.authority.nonce = 'third'
    stage.clock.advance(400)
    assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 200)
    assert.equal(stage.authority.calls('/token').length, 4)
    stage.authority.nonce = 'fourth'
    assert.equal((await browser.call(`${stage.origin}/shop/x`)).status, 200)
    assert.equal(stage.authority.calls('/token').length, 6)
    // No assertion and no proof came twice.
    assert.deepEqual(stage.authority.problems, [])
  })

  test('a known nonce costs no other session a refused request', async () => {
    await using stage = await openStage()
    stage.authority.nonce = 'first'
    await stage.logIn(new TestBrowser())
    const before = stage.authority.received.length
    await stage.logIn(new TestBrowser())
    assert.equal(stage.authority.received.length - before, 2)
  })

  test('SP-CL-08 a server that is never content is not asked for ever', async () => {
    await using stage = await openStage()
    let count = 0
    stage.authority.faults.set('/par', (_request, response) => {
      response.setHeader('dpop-nonce', `nonce-${(count += 1)}`)
      json(response, 400, { error: 'use_dpop_nonce' })
    })
    const answer = await new TestBrowser().open(`${stage.origin}/bff/login`)
    assert.equal(answer.status, 502)
    assert.equal(count, 2)
  })
})
