import { generateSigningKey } from '@signet/protocol'
import { forge } from '@signet/protocol/testing'
import { fastify } from 'fastify'
import assert from 'node:assert/strict'
import { mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { FrontendOptions } from './config/options.ts'
import { bff, createBff } from './plugin.ts'
import { KEPT_AFTER_END, SessionsUnavailable, type SessionStore } from './sessions/port.ts'
import { TEST_CA, TEST_SERVER } from './testing/certificates.ts'
import { createMemorySessions } from './testing/memory-sessions.ts'
import { sampleOptions } from './testing/sample-options.ts'
import { freePort } from './testing/serve.ts'
import { ENCRYPTION_KEY, jsonOf, openStage, type Stage } from './testing/stage.ts'
import { TestBrowser, type Answer } from './testing/test-browser.ts'

const COOKIE = '__Host-Http-bank'

async function loggedIn(stage: Stage): Promise<TestBrowser> {
  const browser = new TestBrowser()
  await stage.logIn(browser)
  return browser
}

async function userOf(
  stage: Stage,
  browser: TestBrowser,
  query = '',
): Promise<Readonly<Record<string, unknown>>> {
  return jsonOf(await browser.call(`${stage.origin}/bff/user${query}`))
}

describe('/bff/user', () => {
  test('says that nobody is there, or who, until when, and how to log out', async () => {
    await using stage = await openStage()
    assert.deepEqual(await userOf(stage, new TestBrowser()), { authenticated: false })
    const browser = await loggedIn(stage)
    const { claims, logoutUrl, sessionExpiresAt, authenticated } = await userOf(stage, browser)
    assert.equal(authenticated, true)
    assert.deepEqual(
      { ...Object(claims), auth_time: 0 },
      {
        sub: 'alice',
        name: 'Alice Example',
        auth_time: 0,
      },
    )
    assert.match(String(logoutUrl), /^\/bff\/logout\?sid=[\w-]{22}$/)
    assert.ok(Math.abs(Number(sessionExpiresAt) - stage.clock.now() - 900) <= 1)
  })

  test('BFF-06 is for scripts of the app only', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    for (const headers of [{ 'x-csrf': undefined }, { 'sec-fetch-site': 'cross-site' }]) {
      assert.equal((await browser.call(`${stage.origin}/bff/user`, { headers })).status, 403)
    }
  })

  test('a session slides with use, not when asked not to, and never beyond its end', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    const start = stage.clock.now()
    stage.clock.advance(600)
    const still = await userOf(stage, browser, '?slide=false')
    assert.ok(Number(still['sessionExpiresAt']) <= start + 900)
    const moved = await userOf(stage, browser)
    assert.ok(Number(moved['sessionExpiresAt']) >= start + 1_500)
    for (let at = 0; at < 3; at++) {
      stage.clock.advance(800)
      assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 200)
    }
    const last = await userOf(stage, browser)
    assert.ok(Number(last['sessionExpiresAt']) <= start + 3_601)
    stage.clock.advance(700)
    assert.deepEqual(await userOf(stage, browser), { authenticated: false })
  })

  test('a session that nobody uses ends', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    stage.clock.advance(901)
    assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 401)
    assert.equal(browser.cookie(stage.origin, COOKIE), undefined)
  })
})

describe('what the store holds', () => {
  test('BFF-05 is of no use without the key: no token, no cookie, no private key', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    const sessions = await stage.store.ofSubject(stage.authority.issuer, 'alice')
    const all = JSON.stringify(sessions)
    const cookie = browser.cookie(stage.origin, COOKIE) ?? 'none'
    for (const secret of ['token-', 'refresh', 'eyJ', 'Alice', '"d"', cookie]) {
      assert.equal(all.includes(secret), false, secret)
    }
  })

  test('BFF-05 opens for its own session only', async () => {
    await using stage = await openStage()
    const mine = await loggedIn(stage)
    stage.authority.idToken = { sub: 'bob' }
    await loggedIn(stage)
    const [alice] = await stage.store.ofSubject(stage.authority.issuer, 'alice')
    const [bob] = await stage.store.ofSubject(stage.authority.issuer, 'bob')
    await stage.store.replace(alice?.id ?? '', 0, bob?.sealed ?? '')
    assert.deepEqual(await userOf(stage, mine), { authenticated: false })
    assert.ok(stage.events.some(({ type }) => type === 'validation_failed'))
  })

  test('a new key takes over while the old one is kept', async () => {
    const store = createMemorySessions()
    await using before = await openStage({ store })
    const browser = await loggedIn(before)
    const key = Buffer.alloc(32, 8)
    const rotated = { store, keys: [key, ENCRYPTION_KEY] }
    await using after = await openStage({ store, bff: { sessions: rotated } })
    after.authority.expiresIn = 1
    after.clock.advance(400)
    // Another server signs here: only what was sealed matters.
    const [session] = await store.ofSubject(before.authority.issuer, 'alice')
    browser.cookies.set(after.origin, browser.jar(before.origin))
    assert.equal((await browser.call(`${after.origin}/api/x`)).status, 200)
    const [written] = await store.ofSubject(before.authority.issuer, 'alice')
    assert.notEqual(written?.sealed.split('.', 1)[0], session?.sealed.split('.', 1)[0])
  })

  test('a store that cannot be asked ends no session, and says so', async () => {
    const memory = createMemorySessions()
    let down = false
    const get: SessionStore['get'] = async (id) => {
      if (down) throw new SessionsUnavailable('locked')
      return memory.get(id)
    }
    await using stage = await openStage({ store: { ...memory, get } })
    const browser = await loggedIn(stage)
    down = true
    for (const path of ['/api/x', '/bff/user', '/bff/sessions']) {
      const answer = await browser.call(stage.origin + path)
      assert.equal(answer.status, 503, path)
      assert.equal(jsonOf(answer)['code'], 'session_store_unavailable')
      assert.equal(answer.headers['set-cookie'], undefined)
    }
    down = false
    assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 200)
  })
})

describe('logging out', () => {
  const end = (stage: Stage, location: string | undefined): URLSearchParams => {
    const url = new URL(location ?? '', stage.origin)
    assert.equal(url.origin + url.pathname, `${stage.authority.issuer}/end`)
    return url.searchParams
  }
  const revoked = async (stage: Stage): Promise<readonly (string | null)[]> => {
    for (let at = 0; at < 100 && stage.authority.calls('/revoke').length === 0; at++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    return stage.authority.calls('/revoke').map(({ form }) => form.get('token'))
  }

  test('B11 by a script ends the session, takes the refresh token back, and leads on', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    const answer = await browser.call(`${stage.origin}/bff/logout`, { method: 'POST' })
    assert.equal(answer.status, 200)
    assert.equal(browser.cookie(stage.origin, COOKIE), undefined)
    assert.equal(await stage.store.count(stage.clock.now()), 0)
    assert.deepEqual(await revoked(stage), ['refresh-1'])
    // BFF-02: the script learns a link, not the ID token in it.
    const { logoutUrl } = jsonOf(answer)
    assert.match(String(logoutUrl), /^\/bff\/logout\?continue=[\w-]{43}$/)
    const next = await browser.open(stage.origin + String(logoutUrl))
    const parameters = end(stage, next.headers.location)
    assert.match(parameters.get('id_token_hint') ?? '', /^eyJ/)
    assert.equal(parameters.get('post_logout_redirect_uri'), `${stage.origin}/`)
    const again = await browser.open(stage.origin + String(logoutUrl))
    assert.equal(again.headers.location, `${stage.origin}/`)
  })

  test('BFF-02 a script cannot follow the link in its stead', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    const answer = await browser.call(`${stage.origin}/bff/logout`, { method: 'POST' })
    const followed = await browser.call(stage.origin + String(jsonOf(answer)['logoutUrl']))
    assert.equal(followed.headers.location, `${stage.origin}/`)
  })

  test('B11 by a link needs the sid of the session', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    for (const query of ['', '?sid=', `?sid=${'A'.repeat(22)}`, '?sid=a&sid=b']) {
      const answer = await browser.open(`${stage.origin}/bff/logout${query}`)
      assert.equal(answer.status, 403)
    }
    assert.equal((await userOf(stage, browser))['authenticated'], true)
    const { logoutUrl } = await userOf(stage, browser)
    const answer = await browser.open(stage.origin + String(logoutUrl))
    assert.equal(answer.status, 303)
    assert.ok(end(stage, answer.headers.location).has('id_token_hint'))
    assert.equal(browser.cookie(stage.origin, COOKIE), undefined)
  })

  test('BFF-06 is not done by another site', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    const headers = { 'x-csrf': undefined }
    const post = await browser.call(`${stage.origin}/bff/logout`, { method: 'POST', headers })
    assert.equal(post.status, 403)
    assert.equal((await browser.open(`${stage.origin}/bff/logout`, 'cross-site')).status, 403)
    assert.equal((await userOf(stage, browser))['authenticated'], true)
  })

  test('B11 works for a session that has expired, and without any', async () => {
    await using stage = await openStage()
    const browser = await loggedIn(stage)
    const { logoutUrl } = await userOf(stage, browser)
    stage.clock.advance(1_000)
    const late = await browser.open(stage.origin + String(logoutUrl))
    assert.ok(end(stage, late.headers.location).has('id_token_hint'))
    const nobody = await new TestBrowser().open(`${stage.origin}/bff/logout`)
    const parameters = end(stage, nobody.headers.location)
    assert.equal(parameters.has('id_token_hint'), false)
    assert.equal(parameters.get('client_id'), 'bank')
  })

  test('works while the authorization server is down', async () => {
    await using stage = await openStage({ bff: { timeout: 0.2 } })
    const browser = await loggedIn(stage)
    stage.authority.faults.set('/revoke', () => new Promise(() => undefined))
    const answer = await browser.call(`${stage.origin}/bff/logout`, { method: 'POST' })
    assert.equal(answer.status, 200)
    assert.equal(await stage.store.count(stage.clock.now()), 0)
  })
})

describe('/bff/sessions', () => {
  interface Listed {
    readonly id: string
    readonly current: boolean
  }
  const list = async (stage: Stage, browser: TestBrowser): Promise<readonly Listed[]> => {
    const { sessions }: { sessions: Listed[] } = JSON.parse(
      (await browser.call(`${stage.origin}/bff/sessions`)).body,
    )
    return sessions
  }
  const remove = (stage: Stage, browser: TestBrowser, id = ''): Promise<Answer> =>
    browser.call(`${stage.origin}/bff/sessions${id}`, { method: 'DELETE' })

  test('B13 shows where else the same person is logged in, and ends one of them', async () => {
    await using stage = await openStage()
    const [here, there] = [await loggedIn(stage), await loggedIn(stage)]
    const sessions = await list(stage, here)
    assert.deepEqual(
      sessions.map(({ current }) => current).toSorted(Number),
      [true, false].toSorted(Number),
    )
    const other = sessions.find(({ current }) => !current)
    assert.equal((await remove(stage, here, `/${other?.id}`)).status, 200)
    assert.equal((await userOf(stage, there))['authenticated'], false)
    assert.equal((await userOf(stage, here))['authenticated'], true)
  })

  test('B13 ends all others, or its own', async () => {
    await using stage = await openStage()
    const [here, there] = [await loggedIn(stage), await loggedIn(stage)]
    assert.deepEqual(jsonOf(await remove(stage, here)), { ended: 1 })
    assert.equal((await userOf(stage, there))['authenticated'], false)
    const [own] = await list(stage, here)
    await remove(stage, here, `/${own?.id}`)
    assert.equal(here.cookie(stage.origin, COOKIE), undefined)
    assert.equal((await userOf(stage, here))['authenticated'], false)
  })

  test('B13 never touches the sessions of somebody else', async () => {
    await using stage = await openStage()
    const alice = await loggedIn(stage)
    stage.authority.idToken = { sub: 'bob' }
    const bob = await loggedIn(stage)
    const [own] = await list(stage, alice)
    assert.equal((await list(stage, bob)).length, 1)
    assert.equal((await remove(stage, bob, `/${own?.id}`)).status, 404)
    assert.deepEqual(jsonOf(await remove(stage, bob)), { ended: 0 })
    assert.equal((await userOf(stage, alice))['authenticated'], true)
    assert.equal((await remove(stage, new TestBrowser(), `/${own?.id}`)).status, 401)
    const headers = { 'x-csrf': undefined }
    const forged = { method: 'DELETE', headers }
    assert.equal((await alice.call(`${stage.origin}/bff/sessions`, forged)).status, 403)
  })
})

describe('/bff/backchannel', () => {
  const tell = (
    stage: Stage,
    token: string,
    type = 'application/x-www-form-urlencoded',
  ): Promise<Answer> =>
    new TestBrowser().send(
      `${stage.origin}/bff/backchannel`,
      {
        method: 'POST',
        headers: { 'content-type': type },
        body: new URLSearchParams({ logout_token: token }).toString(),
      },
      true,
    )

  test('LOG-09 ends the sessions that the server names, and no others', async () => {
    await using stage = await openStage()
    const { authority } = stage
    const first = await loggedIn(stage)
    authority.idToken = { sid: 'sid 2' }
    const second = await loggedIn(stage)
    authority.idToken = { sub: 'bob', sid: 'sid 3' }
    const bob = await loggedIn(stage)
    const answer = await tell(stage, authority.logoutToken({ sid: 'sid 1' }))
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.equal((await userOf(stage, first))['authenticated'], false)
    assert.equal((await userOf(stage, second))['authenticated'], true)
    // The sid of one person with the name of another ends nothing.
    await tell(stage, authority.logoutToken({ sid: 'sid 3', sub: 'alice' }))
    assert.equal((await userOf(stage, bob))['authenticated'], true)
    await tell(stage, authority.logoutToken({}))
    assert.equal((await userOf(stage, second))['authenticated'], false)
    assert.equal((await userOf(stage, bob))['authenticated'], true)
  })

  test('LOG-08 refuses what is no logout token of the server', async () => {
    await using stage = await openStage()
    const { authority } = stage
    const browser = await loggedIn(stage)
    const good = authority.logoutToken()
    const stranger = generateSigningKey('ES256')
    const [, claims = ''] = good.split('.')
    const forged = forge(
      { alg: 'ES256', kid: authority.key.kid, typ: 'logout+jwt' },
      Buffer.from(claims, 'base64url').toString(),
      stranger,
    )
    const session = await stage.store.ofSubject(authority.issuer, 'alice')
    assert.equal(session.length, 1)
    for (const token of [
      '',
      'x',
      `${good}x`,
      forged,
      authority.logoutToken({ nonce: 'x' }),
      authority.logoutToken({ aud: 'shop' }),
      authority.logoutToken({ iss: 'https://evil.example' }),
      authority.logoutToken({ events: undefined }),
      authority.logoutToken({ sub: undefined }),
      authority.logoutToken({ exp: 1 }),
      authority.logoutToken({}, { typ: 'at+jwt' }),
    ]) {
      const answer = await tell(stage, token)
      assert.equal(answer.status, 400, token)
      assert.equal(jsonOf(answer)['error'], 'invalid_request')
    }
    assert.equal((await tell(stage, good, 'application/json')).status, 400)
    assert.equal((await userOf(stage, browser))['authenticated'], true)
    assert.equal((await tell(stage, good)).status, 200)
    assert.equal((await tell(stage, good)).status, 400)
    const reasons = stage.events.flatMap((event) =>
      event.type === 'validation_failed' ? [event.reason] : [],
    )
    assert.ok(reasons.includes('logout_token_replayed'))
    assert.ok(reasons.includes('logout_token_signature'))
  })

  test('LOG-09 a logout that could not be carried out is carried out when the server tries again', async () => {
    const store = createMemorySessions()
    let locked = false
    const flaky: SessionStore = {
      ...store,
      delete: (id) =>
        locked ? Promise.reject(new SessionsUnavailable('locked')) : store.delete(id),
    }
    await using stage = await openStage({ store: flaky })
    const browser = await loggedIn(stage)
    const token = stage.authority.logoutToken()
    locked = true
    assert.equal((await tell(stage, token)).status, 503)
    locked = false
    assert.equal((await tell(stage, token)).status, 200)
    assert.equal((await userOf(stage, browser))['authenticated'], false)
    assert.equal((await tell(stage, token)).status, 400)
  })

  test('LOG-08 says to come again when the keys cannot be had, and does not ask too often', async () => {
    await using stage = await openStage({ bff: { timeout: 0.3 } })
    const { authority } = stage
    const browser = await loggedIn(stage)
    // A process that has never asked for the keys.
    const other = { ...stage, origin: await stage.another() }
    authority.faults.set('/jwks', (request) => void request.destroy())
    const before = authority.calls('/jwks').length
    const token = authority.logoutToken()
    for (let at = 0; at < 5; at++) assert.equal((await tell(other, token)).status, 503)
    assert.equal(authority.calls('/jwks').length - before, 1)
    authority.faults.clear()
    stage.clock.advance(10)
    assert.equal((await tell(other, token)).status, 200)
    assert.equal((await userOf(stage, browser))['authenticated'], false)
    const unknown = authority.calls('/jwks').length
    for (let at = 0; at < 5; at++) await tell(other, authority.logoutToken({}, { kid: `k${at}` }))
    assert.equal(authority.calls('/jwks').length, unknown)
  })

  test('B12 says which method it takes', async () => {
    await using stage = await openStage()
    const answer = await new TestBrowser().open(`${stage.origin}/bff/backchannel`)
    assert.equal(answer.status, 405)
    assert.equal(answer.headers['allow'], 'POST')
  })
})

describe('several apps', () => {
  test('B15 share an origin, and nothing else', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'signet-bff-'))
    mkdirSync(join(folder, 'assets'))
    writeFileSync(join(folder, 'index.html'), '<h1>The app</h1>')
    writeFileSync(join(folder, 'assets', 'app-0a1b2c3d.js'), 'run()')
    writeFileSync(join(folder, '.env'), 'SECRET=1')
    symlinkSync('/etc', join(folder, 'assets', 'etc'))
    const port = await freePort()
    const origin = `https://localhost:${port}`
    const app = (name: string, path: string): FrontendOptions => ({
      name,
      publicOrigin: origin,
      match: { path },
      scopes: ['openid'],
      static: folder,
    })
    const served = fastify({ https: TEST_SERVER, forceCloseConnections: true })
    const frontends = [app('main', '/'), app('shop', '/shop/')]
    await served.register(bff, sampleOptions({ frontends, ca: TEST_CA }))
    await served.listen({ host: '127.0.0.1', port })
    try {
      const browser = new TestBrowser()
      for (const path of ['/', '/accounts/7', '/shop/', '/shop/cart']) {
        const { status, body, headers } = await browser.open(origin + path)
        assert.deepEqual([status, body], [200, '<h1>The app</h1>'], path)
        assert.match(String(headers['content-security-policy']), /default-src 'self'/)
        assert.equal(headers['cache-control'], 'no-cache')
        assert.match(String(headers['strict-transport-security']), /max-age/)
      }
      const script = await browser.open(`${origin}/assets/app-0a1b2c3d.js`)
      assert.match(String(script.headers['cache-control']), /immutable/)
      for (const path of [
        '/.env',
        '/assets/../.env',
        '/%2eenv',
        '/assets/none.js',
        '/assets/etc/passwd',
        '/..%2f.env',
      ]) {
        const answer = await browser.send(origin + path, {}, true)
        assert.ok([400, 404].includes(answer.status), `${path} ${answer.status}`)
        assert.doesNotMatch(answer.body, /SECRET/)
      }
      for (const base of ['/bff', '/shop/bff']) {
        const user = await browser.call(`${origin}${base}/user`)
        assert.deepEqual(jsonOf(user), { authenticated: false }, base)
      }
      assert.equal((await browser.call(`${origin}/bff/diagnostics`)).status, 404)
    } finally {
      await served.close()
      rmSync(folder, { recursive: true })
    }
  })

  test('B15 a session of one app is none of another', async () => {
    const store = createMemorySessions()
    await using bank = await openStage({ store })
    await using shop = await openStage({ store, frontend: { name: 'shop' } })
    const browser = await loggedIn(bank)
    const value = browser.cookie(bank.origin, COOKIE) ?? ''
    browser.jar(shop.origin).set('__Host-Http-shop', { value, sameSite: 'Strict' })
    assert.deepEqual(await userOf(shop, browser), { authenticated: false })
  })
})

test('diagnostics show no secret, and only in development', async () => {
  await using stage = await openStage({ bff: { development: true } })
  const browser = await loggedIn(stage)
  const { status, body } = await browser.open(`${stage.origin}/bff/diagnostics`)
  assert.equal(status, 200)
  assert.match(body, /"issuer"/)
  const cookie = browser.cookie(stage.origin, COOKIE) ?? 'none'
  for (const secret of ['token-', 'refresh-1', 'eyJ', '"d":', cookie]) {
    assert.equal(body.includes(secret), false, secret)
  }
})

test('tells whether it is ready, and forgets what has ended', async () => {
  const store = createMemorySessions()
  await using stage = await openStage({ store })
  await stage.logIn(new TestBrowser())
  const made = createBff(
    sampleOptions({
      issuer: stage.authority.issuer,
      sessions: { store, keys: [ENCRYPTION_KEY] },
      ca: TEST_CA,
      clock: { now: () => stage.clock.now() + KEPT_AFTER_END + 4_000 },
    }),
  )
  assert.deepEqual(await made.readiness(), {
    ready: true,
    checks: { authorization_server: 'ok', session_store: 'ok' },
  })
  assert.equal(await made.activeSessions(), 0)
  await made.sweep(1_000)
  assert.deepEqual(await store.ofSubject(stage.authority.issuer, 'alice'), [])
})

test('is not ready while the authorization server or the sessions are away', async () => {
  const away = async (): Promise<never> => {
    throw new SessionsUnavailable('away')
  }
  await using stage = await openStage()
  stage.authority.faults.set('/.well-known/openid-configuration', (request) => {
    request.destroy()
  })
  const made = createBff(
    sampleOptions({
      issuer: stage.authority.issuer,
      sessions: { store: { ...createMemorySessions(), get: away }, keys: [ENCRYPTION_KEY] },
      ca: TEST_CA,
    }),
  )
  const { ready, checks } = await made.readiness()
  assert.equal(ready, false)
  assert.match(checks.authorization_server, /^discovery: /)
  assert.equal(checks.session_store, 'unavailable')
})
