import assert from 'node:assert/strict'
import { generateSigningKey } from '@signet/protocol'
import { describe, test } from 'node:test'
import { createMemorySessions } from './testing/memory-sessions.ts'
import { jsonOf, openStage, type Stage } from './testing/stage.ts'
import { goesOnTo, TestBrowser, type Answer } from './testing/test-browser.ts'

const COOKIE = '__Host-Http-bank'

async function isLoggedIn(stage: Stage, browser: TestBrowser): Promise<unknown> {
  return jsonOf(await browser.call(`${stage.origin}/bff/user`))['authenticated']
}

/** That nothing came of a callback, and that nobody was asked for tokens. */
async function assertRefused(stage: Stage, browser: TestBrowser, answer: Answer): Promise<void> {
  assert.equal(answer.status, 400, answer.body)
  assert.equal(browser.cookie(stage.origin, COOKIE), undefined)
  assert.equal(await isLoggedIn(stage, browser), false)
}

function failures(stage: Stage): readonly string[] {
  return stage.events.flatMap((event) => (event.type === 'login_failed' ? [event.reason] : []))
}

describe('a login', () => {
  test('BFF-01 SP-CF-01 SP-CF-02 SP-CF-03 SP-CF-06 is pushed, and leads back to where it began', async () => {
    await using stage = await openStage()
    const browser = new TestBrowser()
    const location = new URL(await stage.begin(browser, '/accounts?tab=2#top'))
    assert.deepEqual([...location.searchParams.keys()].toSorted(), ['client_id', 'request_uri'])
    const [pushed] = stage.authority.calls('/par')
    assert.equal(pushed?.form.get('response_type'), 'code')
    assert.equal(pushed.form.get('code_challenge_method'), 'S256')
    assert.equal(pushed.form.get('scope'), 'openid accounts')
    const answer = await browser.open(stage.authority.back(location.href), 'cross-site')
    assert.equal(goesOnTo(answer), '/accounts?tab=2#top')
    assert.equal(answer.headers['cache-control'], 'no-store')
    const user = jsonOf(await browser.call(`${stage.origin}/bff/user`))
    assert.deepEqual(user['authenticated'], true)
    assert.deepEqual(stage.authority.problems, [])
  })

  test('BFF-02 shows the page no token, in no answer', async () => {
    await using stage = await openStage()
    const browser = new TestBrowser()
    const answers = [await stage.logIn(browser)]
    for (const path of ['/bff/user', '/bff/sessions', '/api/x', '/bff/diagnostics']) {
      answers.push(await browser.call(stage.origin + path))
    }
    const all = JSON.stringify([answers, [...browser.cookies]])
    for (const secret of ['token-', 'refresh-1', 'eyJ']) {
      assert.equal(all.includes(secret), false, secret)
    }
  })

  test('BFF-03 BFF-04 sets a session cookie that only this host gets, and only from itself', async () => {
    await using stage = await openStage()
    const browser = new TestBrowser()
    const { headers } = await stage.logIn(browser)
    const cookie = headers['set-cookie']?.find((each) => each.startsWith(`${COOKIE}=`))
    assert.match(
      cookie ?? '',
      /^__Host-Http-bank=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict$/,
    )
  })

  test('SP-CF-04 SP-CF-07 makes state, nonce, challenge and key anew each time', async () => {
    await using stage = await openStage()
    const browser = new TestBrowser()
    await stage.begin(browser)
    await stage.begin(browser)
    const [one, other] = stage.authority.calls('/par')
    for (const name of ['state', 'nonce', 'code_challenge']) {
      assert.notEqual(one?.form.get(name), other?.form.get(name), name)
    }
    assert.equal(one?.form.get('nonce')?.length, 43)
    const jwkOf = (dpop: unknown): string =>
      Buffer.from(String(dpop).split('.', 1)[0] ?? '', 'base64url').toString()
    assert.notEqual(jwkOf(one.request.headers['dpop']), jwkOf(other?.request.headers['dpop']))
  })

  test('BFF-11 goes on in several tabs at once', async () => {
    await using stage = await openStage()
    const browser = new TestBrowser()
    const one = await stage.begin(browser, '/one')
    const other = await stage.begin(browser, '/other')
    const first = await browser.open(stage.authority.back(one), 'cross-site')
    const second = await browser.open(stage.authority.back(other), 'cross-site')
    assert.equal(goesOnTo(first), '/one')
    assert.equal(goesOnTo(second), '/other')
    assert.equal(await isLoggedIn(stage, browser), true)
  })

  test('BFF-11 keeps few logins under way in one browser', async () => {
    await using stage = await openStage()
    const browser = new TestBrowser()
    for (let at = 0; at < 8; at++) await stage.begin(browser)
    const logins = [...browser.jar(stage.origin).keys()].filter((name) => name.includes('-login-'))
    assert.equal(logins.length, 5)
  })

  test('BFF-11 starts a new session at each login: no fixation', async () => {
    await using stage = await openStage()
    const browser = new TestBrowser()
    browser.jar(stage.origin).set(COOKIE, { value: 'A'.repeat(43), sameSite: 'Strict' })
    await stage.logIn(browser)
    const first = browser.cookie(stage.origin, COOKIE)
    assert.notEqual(first, 'A'.repeat(43))
    await stage.logIn(browser)
    assert.notEqual(browser.cookie(stage.origin, COOKIE), first)
    // The session before is over, not merely forgotten.
    const thief = new TestBrowser()
    thief.jar(stage.origin).set(COOKIE, { value: first ?? '', sameSite: 'Strict' })
    assert.equal(await isLoggedIn(stage, thief), false)
    assert.equal(await stage.store.count(stage.clock.now()), 1)
  })

  test('SP-CL-12 does not start from another site, but asks', async () => {
    await using stage = await openStage()
    const url = `${stage.origin}/bff/login?returnUrl=/accounts`
    for (const site of ['cross-site', 'same-site'] as const) {
      const answer = await new TestBrowser().open(url, site)
      assert.equal(answer.status, 403)
      assert.match(answer.body, /href="\/bff\/login\?returnUrl=%2Faccounts"/)
      assert.equal(answer.headers['set-cookie'], undefined)
    }
    for (const headers of [
      { 'sec-fetch-dest': 'iframe' },
      { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
      { 'sec-fetch-site': undefined, 'sec-fetch-mode': undefined, 'sec-fetch-dest': undefined },
    ]) {
      const answer = await new TestBrowser().open(url, 'same-origin', { headers })
      assert.equal(answer.status, 403)
    }
    assert.equal(stage.authority.calls('/par').length, 0)
    assert.deepEqual(new Set(failures(stage)), new Set(['cross_site_start']))
  })

  test('SP-CL-04 leads to no other place', async () => {
    await using stage = await openStage()
    for (const place of [
      '//evil.example',
      'https://evil.example',
      '/\\evil.example',
      '/bff/login',
    ]) {
      const url = `${stage.origin}/bff/login?returnUrl=${encodeURIComponent(place)}`
      const answer = await new TestBrowser().open(url)
      assert.equal(answer.status, 400)
      assert.doesNotMatch(answer.body, /evil/)
    }
    const twice = `${stage.origin}/bff/login?returnUrl=/a&returnUrl=//evil.example`
    assert.equal((await new TestBrowser().open(twice)).status, 400)
  })

  test('asks for a stronger or newer login if the app may, and for no other', async () => {
    await using stage = await openStage()
    const open = (query: string): Promise<Answer> =>
      new TestBrowser().open(`${stage.origin}/bff/login?${query}`)
    assert.equal((await open('acr_values=strong&max_age=60')).status, 303)
    const [pushed] = stage.authority.calls('/par')
    assert.equal(pushed?.form.get('acr_values'), 'strong')
    assert.equal(pushed.form.get('max_age'), '60')
    for (const query of ['acr_values=other', 'max_age=-1', 'max_age=', 'max_age=1&max_age=2']) {
      assert.equal((await open(query)).status, 400, query)
    }
  })

  test('SP-CL-05 PKJ-12 authenticates with fresh assertions for the issuer alone', async () => {
    await using stage = await openStage()
    await stage.logIn(new TestBrowser())
    const assertions = ['/par', '/token'].map((path) => {
      const [call] = stage.authority.calls(path)
      const [, claims = ''] = (call?.form.get('client_assertion') ?? '').split('.')
      const read: Readonly<Record<string, unknown>> = JSON.parse(
        Buffer.from(claims, 'base64url').toString(),
      )
      return read
    })
    for (const { aud, iss, sub, exp, iat } of assertions) {
      assert.equal(aud, stage.authority.issuer)
      assert.equal(iss, 'bank')
      assert.equal(sub, 'bank')
      assert.ok(Number(exp) - Number(iat) <= 60)
    }
    assert.notEqual(assertions[0]?.['jti'], assertions[1]?.['jti'])
  })
})

describe('a callback', () => {
  const refused: Readonly<
    Record<string, (stage: Stage) => Readonly<Record<string, string | undefined>>>
  > = {
    'SP-CF-05 ISS-03 from another issuer': () => ({ iss: 'https://evil.example' }),
    'SP-CF-05 ISS-03 from an issuer with a slash more': ({ authority }) => ({
      iss: `${authority.issuer}/`,
    }),
    'SP-CF-05 ISS-04 without issuer': () => ({ iss: undefined }),
    'ISS-05 with an error of another issuer': () => ({
      iss: 'https://evil.example',
      code: undefined,
      error: 'access_denied',
    }),
    'ISS-05 with an error of nobody': () => ({
      iss: undefined,
      code: undefined,
      error: 'access_denied',
    }),
    'SP-CF-08 without state': () => ({ state: undefined }),
    'SP-CF-08 with another state': () => ({ state: `${'A'.repeat(22)}.${'A'.repeat(43)}` }),
    'without code': () => ({ code: undefined }),
    'with a code of somebody else': () => ({ code: 'stolen' }),
  }
  for (const [title, changes] of Object.entries(refused)) {
    test(`${title} ends the login without a session`, async () => {
      await using stage = await openStage()
      const browser = new TestBrowser()
      const location = await stage.begin(browser)
      const back = stage.authority.back(location, changes(stage))
      await assertRefused(stage, browser, await browser.open(back, 'cross-site'))
      if (!title.includes('code')) assert.equal(stage.authority.calls('/token').length, 0)
    })
  }

  test('SP-CF-05 without issuer is refused also if the server announces none, and uses nothing up', async () => {
    await using stage = await openStage()
    const browser = new TestBrowser()
    stage.authority.metadata = { authorization_response_iss_parameter_supported: undefined }
    const location = await stage.begin(browser)
    const without = stage.authority.back(location, { iss: undefined })
    await assertRefused(stage, browser, await browser.open(without, 'cross-site'))
    assert.equal(stage.authority.calls('/token').length, 0)
    assert.deepEqual(failures(stage), ['wrong_issuer'])
    // What anybody can send must not end the login of the person.
    const answer = await browser.open(stage.authority.back(location), 'cross-site')
    assert.equal(answer.status, 200)
  })

  test('SP-CF-08 with half of the right state finds nothing', async () => {
    await using stage = await openStage()
    const browser = new TestBrowser()
    const location = await stage.begin(browser)
    const state = stage.authority.back(location).searchParams.get('state') ?? ''
    const half = `${state.split('.', 1)[0]}.${'A'.repeat(43)}`
    const back = stage.authority.back(location, { state: half })
    await assertRefused(stage, browser, await browser.open(back, 'cross-site'))
    assert.equal(stage.authority.calls('/token').length, 0)
  })

  test('parameters that come twice are refused, and use nothing up', async () => {
    await using stage = await openStage()
    const browser = new TestBrowser()
    const location = await stage.begin(browser)
    const names = ['code', 'state', 'iss', 'error']
    for (const name of names) {
      const back = stage.authority.back(location)
      back.searchParams.append(name, 'again')
      back.searchParams.append(name, 'again')
      await assertRefused(stage, browser, await browser.open(back, 'cross-site'))
    }
    assert.equal(stage.authority.calls('/token').length, 0)
    assert.deepEqual(
      failures(stage),
      names.map(() => 'invalid_response'),
    )
    const answer = await browser.open(stage.authority.back(location), 'cross-site')
    assert.equal(answer.status, 200)
  })

  test('B15 of another app ends no login of this one', async () => {
    const store = createMemorySessions()
    await using bank = await openStage({ store })
    await using shop = await openStage({ store, frontend: { name: 'shop' } })
    const browser = new TestBrowser()
    const state = bank.authority.back(await bank.begin(browser)).searchParams.get('state') ?? ''
    for (const [name, cookie] of browser.jar(bank.origin)) {
      browser.jar(shop.origin).set(name.replace('-bank-', '-shop-'), cookie)
    }
    const back = shop.authority.back(await shop.begin(new TestBrowser()), { state })
    assert.equal((await browser.open(back, 'cross-site')).status, 400)
    assert.deepEqual(failures(shop), ['login_expired'])
    assert.equal(shop.authority.calls('/token').length, 0)
  })

  test('AM-G2 AM-G4 BCP-02 SP-CF-04 in another browser is refused: login CSRF', async () => {
    await using stage = await openStage()
    const attacker = new TestBrowser()
    const back = stage.authority.back(await stage.begin(attacker))
    const victim = new TestBrowser()
    await assertRefused(stage, victim, await victim.open(back, 'cross-site'))
    // Not even with a login of its own under way.
    await stage.begin(victim)
    await assertRefused(stage, victim, await victim.open(back, 'cross-site'))
    assert.equal(stage.authority.calls('/token').length, 0)
  })

  test('AM-G3 with the code of an attacker is refused: the challenge is of this login', async () => {
    await using stage = await openStage()
    const attacker = new TestBrowser()
    const stolen = stage.authority.back(await stage.begin(attacker)).searchParams.get('code') ?? ''
    const victim = new TestBrowser()
    stage.authority.idToken = { nonce: 'of another login' }
    const back = stage.authority.back(await stage.begin(victim), { code: stolen })
    await assertRefused(stage, victim, await victim.open(back, 'cross-site'))
  })

  test('SP-CF-10 BFF-11 counts once, and the code is sent once', async () => {
    await using stage = await openStage()
    const browser = new TestBrowser()
    const back = stage.authority.back(await stage.begin(browser))
    const login = new Map(browser.jar(stage.origin))
    const replay = new TestBrowser()
    for (const [name, cookie] of login) replay.jar(stage.origin).set(name, cookie)
    const answers = await Promise.all([
      browser.open(back, 'cross-site'),
      replay.open(back, 'cross-site'),
    ])
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200, 400]))
    assert.equal(stage.authority.calls('/token').length, 1)
  })

  test('SP-CF-10 sends the code once, also when the server does not answer', async () => {
    await using stage = await openStage()
    const browser = new TestBrowser()
    const back = stage.authority.back(await stage.begin(browser))
    stage.authority.faults.set('/token', (request) => void request.destroy())
    const answer = await browser.open(back, 'cross-site')
    assert.equal(answer.status, 503)
    assert.equal(stage.authority.calls('/token').length, 1)
    assert.deepEqual(failures(stage), ['authorization_server_unavailable'])
  })

  test('BFF-11 too late is refused', async () => {
    await using stage = await openStage()
    const browser = new TestBrowser()
    const back = stage.authority.back(await stage.begin(browser))
    stage.clock.advance(901)
    await assertRefused(stage, browser, await browser.open(back, 'cross-site'))
    assert.deepEqual(failures(stage), ['login_expired'])
  })

  test('ISS-05 shows nothing of what the server, or whoever, wrote', async () => {
    await using stage = await openStage()
    for (const error of ['access_denied', 'server_error', '<script>alert(1)</script>']) {
      const browser = new TestBrowser()
      const back = stage.authority.back(await stage.begin(browser), {
        code: undefined,
        error,
        error_description: '<b>evil</b>',
      })
      const answer = await browser.open(back, 'cross-site')
      assert.equal(answer.status, 400)
      assert.doesNotMatch(answer.body, /evil|alert|server_error/)
    }
    assert.deepEqual(failures(stage), [
      'access_denied',
      'authorization_refused',
      'authorization_refused',
    ])
  })

  test('an app can show failures itself', async () => {
    await using stage = await openStage({ frontend: { errorPath: '/failed' } })
    const browser = new TestBrowser()
    const changes = { code: undefined, error: 'access_denied' }
    const back = stage.authority.back(await stage.begin(browser), changes)
    assert.equal(goesOnTo(await browser.open(back, 'cross-site')), '/failed?error=access_denied')
  })
})

describe('the answer of the token endpoint', () => {
  const stranger = generateSigningKey('ES256')
  const wrong: Readonly<Record<string, (stage: Stage) => void>> = {
    'DPOP-CL-02 with a bearer token': ({ authority }) => {
      authority.tokenAnswer = { token_type: 'Bearer' }
    },
    'with an access token that splits headers': ({ authority }) => {
      authority.tokenAnswer = { access_token: 'a b' }
    },
    'without ID token': ({ authority }) => {
      authority.tokenAnswer = { id_token: undefined }
    },
    'OIDC-03 ISS-07 with the ID token of another issuer': ({ authority }) => {
      authority.idToken = { iss: 'https://evil.example' }
    },
    'OIDC-04 with the ID token of another client': ({ authority }) => {
      authority.idToken = { aud: 'shop' }
    },
    'OIDC-04 with an ID token for others too': ({ authority }) => {
      authority.idToken = { aud: ['bank', 'shop'], azp: 'bank' }
    },
    'OIDC-05 with an ID token of another key': ({ authority }) => {
      authority.idTokenKey = stranger
      authority.idTokenHeader = { kid: authority.key.kid }
    },
    'OIDC-05 with an unsigned ID token': ({ authority }) => {
      authority.idTokenHeader = { alg: 'none' }
    },
    'OIDC-06 with an expired ID token': ({ authority }) => {
      authority.idToken = { exp: Math.floor(Date.now() / 1_000) - 300 }
    },
    'OIDC-07 with another nonce': ({ authority }) => {
      authority.idToken = { nonce: 'another' }
    },
    'OIDC-07 without nonce': ({ authority }) => {
      authority.idToken = { nonce: undefined }
    },
    'OIDC-09 with the digest of another token': ({ authority }) => {
      authority.idToken = { at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }
    },
    'with a logout token as ID token': ({ authority }) => {
      authority.tokenAnswer = { id_token: authority.logoutToken() }
    },
  }
  for (const [title, spoil] of Object.entries(wrong)) {
    test(`${title} is not believed`, async () => {
      await using stage = await openStage()
      const browser = new TestBrowser()
      const location = await stage.begin(browser)
      spoil(stage)
      const answer = await browser.open(stage.authority.back(location), 'cross-site')
      await assertRefused(stage, browser, answer)
      assert.equal(await stage.store.count(stage.clock.now()), 0)
    })
  }

  test('OIDC-08 a login that is weaker or older than asked for is not believed', async () => {
    for (const [query, claims] of [
      ['acr_values=strong', { acr: 'weak' }],
      ['acr_values=strong', {}],
      ['max_age=60', { auth_time: Math.floor(Date.now() / 1_000) - 600 }],
      ['max_age=60', { auth_time: undefined }],
    ] as const) {
      await using stage = await openStage()
      const browser = new TestBrowser()
      stage.authority.idToken = claims
      const { headers } = await browser.open(`${stage.origin}/bff/login?${query}`)
      const back = stage.authority.back(headers.location ?? '')
      await assertRefused(stage, browser, await browser.open(back, 'cross-site'))
    }
  })

  test('OIDC-12 claims of another person are not taken', async () => {
    await using stage = await openStage({ bff: { userinfo: true } })
    const browser = new TestBrowser()
    const location = await stage.begin(browser)
    stage.authority.faults.set('/userinfo', (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"sub":"bob"}')
    })
    const answer = await browser.open(stage.authority.back(location), 'cross-site')
    await assertRefused(stage, browser, answer)
  })

  test('OIDC-12 claims of the person are added', async () => {
    await using stage = await openStage({ bff: { userinfo: true } })
    const browser = new TestBrowser()
    await stage.logIn(browser)
    const { claims } = jsonOf(await browser.call(`${stage.origin}/bff/user`))
    assert.deepEqual(
      { ...Object(claims), auth_time: 0 },
      { auth_time: 0, name: 'Alice', sub: 'alice' },
    )
  })

  test('SP-CF-09 may write the token type as it likes, and leave out the lifetime', async () => {
    await using stage = await openStage()
    const browser = new TestBrowser()
    stage.authority.tokenAnswer = { token_type: 'dPoP' }
    stage.authority.expiresIn = undefined
    await stage.logIn(browser)
    assert.equal((await browser.call(`${stage.origin}/api/x`)).status, 200)
    assert.equal(stage.authority.calls('/token').length, 1)
  })
})

test('SP-CL-11 SP-CL-09 metadata of another issuer is not used', async () => {
  for (const metadata of [
    (issuer: string) => ({ issuer: `${issuer}/` }),
    () => ({ issuer: 'https://evil.example' }),
    () => ({ pushed_authorization_request_endpoint: undefined }),
    () => ({ token_endpoint: 'http://as.example/token' }),
    () => ({ jwks_uri: undefined }),
  ]) {
    await using stage = await openStage()
    stage.authority.metadata = metadata(stage.authority.issuer)
    const answer = await new TestBrowser().open(`${stage.origin}/bff/login`)
    assert.equal(answer.status, 503)
    assert.equal(stage.authority.calls('/par').length, 0)
  }
})
