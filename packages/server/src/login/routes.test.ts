import { digestOf, type Session, type User } from '@signet/engine'
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { cookieHeader, type Received } from '../testing/exchange.ts'
import {
  configOf,
  ISSUER,
  PASSWORD,
  PASSWORD_HASH,
  pathIn,
  push,
  REDIRECT_URI,
  startRig,
  type Rig,
} from '../testing/rig.ts'
import { cookieNames } from './cookies.ts'
import { hashPassword } from './password.ts'

const names = cookieNames(ISSUER)
/** Consent is remembered, and asked for again only on demand. */
const ASKING = { prompt: 'consent' }
const ALICE = { username: 'alice', password: PASSWORD }

let rig: Rig
before(async () => {
  rig = await startRig()
})
after(() => rig.server.close())

/** A browser that has just arrived: the place of its interaction, and the cookies it holds. */
async function arrive(asked: Readonly<Record<string, string>> = {}, cookie = ''): Promise<Visit> {
  const answer = await rig.get(await push(rig, asked), { cookie })
  const given = cookieHeader(answer)
  return { place: pathIn(answer), cookie: [cookie, given].filter(Boolean).join('; '), answer }
}
interface Visit {
  readonly place: string
  readonly cookie: string
  readonly answer: Received
}

async function logIn({ place, cookie, answer }: Visit, fields = ALICE): Promise<Visit> {
  const loggedIn = await rig.post(`${place}/login`, fields, { cookie })
  return { place, cookie: cookieHeader(answer, loggedIn), answer: loggedIn }
}

async function consentAction({ place, cookie }: Visit): Promise<string> {
  const { body } = await rig.get(place, { cookie })
  return /action="([^"]*\/consent[^"]*)"/.exec(body)?.[1]?.replaceAll('&amp;', '&') ?? assert.fail()
}

describe('logging in', () => {
  test('the login page names the client and where the answer goes', async () => {
    const { place, cookie } = await arrive({ login_hint: 'alice' })
    const page = await rig.get(place, { cookie })
    assert.equal(page.status, 200)
    assert.match(page.body, /Example app/)
    assert.match(page.body, /app\.example/)
    assert.match(page.body, /id="username"[^>]*value="alice"/)
    for (const id of ['username', 'password', 'login', 'cancel'])
      assert.match(page.body, new RegExp(`id="${id}"`))
  })

  test('the language is that of the client, then that of the browser', async () => {
    const asked = await arrive({ ui_locales: 'de-CH en' })
    assert.match((await rig.get(asked.place, { cookie: asked.cookie })).body, /<html lang="de"/)
    const { place, cookie } = await arrive()
    const german = await rig.get(place, { cookie, 'accept-language': 'de' })
    assert.match(german.body, /<html lang="de"/)
    assert.match((await rig.get(place, { cookie })).body, /<html lang="en"/)
  })

  test('SP-AZ-10 the right password gives a session and a 303 back to the interaction', async () => {
    const visit = await arrive()
    const { answer } = await logIn(visit)
    assert.equal(answer.status, 303)
    assert.equal(pathIn(answer), visit.place)
    const cookies = answer.headers['set-cookie'] ?? []
    for (const name of [names.session, names.device]) {
      const cookie = cookies.find((line) => line.startsWith(`${name}=`)) ?? assert.fail(name)
      for (const attribute of ['Path=/', 'Secure', 'HttpOnly', 'SameSite=Lax']) {
        assert.ok(cookie.split('; ').includes(attribute), `${name} ${attribute}`)
      }
    }
    const session = cookies.find((line) => line.startsWith(names.session))
    assert.ok(!/max-age|expires/i.test(session ?? ''), 'a session ends with the browser')
  })

  test('a wrong password gives 401 and the form again with the username, and an event without the password', async () => {
    const { answer } = await logIn(await arrive(), { username: 'alice', password: 'tiger-lily' })
    assert.equal(answer.status, 401)
    assert.match(answer.body, /id="error"/)
    assert.match(answer.body, /id="username"[^>]*value="alice"/)
    assert.ok(!answer.body.includes('tiger-lily'))
    assert.equal(answer.headers['set-cookie'], undefined)
    assert.ok(!rig.log.join('').includes('tiger-lily'))
    const logged = rig.log.find((line) => line.includes('password_wrong')) ?? ''
    const [, eventId = ''] = /"eventId":"([^"]+)"/.exec(logged) ?? []
    const event = await rig.store().audit.find(eventId)
    assert.ok(event?.subject !== undefined)
    assert.equal(event.unauthenticated, true, 'whoever knows a username can cause it')
  })

  test('somebody unknown, and somebody disabled, are told the same as somebody with a wrong password', async () => {
    const { users } = rig.store()
    const disabled = { subject: 'd', username: 'dodo', passwordHash: PASSWORD_HASH, claims: {} }
    await users.put({ ...disabled, source: 'command', disabled: true })
    const wrong = await logIn(await arrive(), { username: 'alice', password: 'x' })
    for (const username of ['nobody', 'dodo']) {
      const { answer } = await logIn(await arrive(), { username, password: PASSWORD })
      assert.equal(answer.status, 401)
      const anonymous = (body: string): string =>
        body.replaceAll(/value="[^"]*"|\/interaction\/[\w-]+/g, '')
      assert.equal(anonymous(answer.body), anonymous(wrong.answer.body))
    }
  })

  test('nobody who is disabled, or gets another password, while the password is looked at gets a session', async (t) => {
    const { users, sessions } = rig.store()
    const seen = { subject: 'e', username: 'edith', passwordHash: PASSWORD_HASH, claims: {} }
    const edith = { ...seen, source: 'command', disabled: false } as const
    const other = await hashPassword('another one', { memory: 1024, passes: 1, parallelism: 1 })
    for (const change of [{ disabled: true }, { passwordHash: other }]) {
      await users.put(edith)
      const put = t.mock.method(sessions, 'put', async (session: Session) => {
        await users.put({ ...edith, ...change })
        put.mock.restore()
        return sessions.put(session)
      })
      const { answer } = await logIn(await arrive(), { username: 'edith', password: PASSWORD })
      assert.equal(answer.status, 401)
      assert.equal(answer.headers['set-cookie'], undefined)
      assert.deepEqual(await sessions.ofSubject('e'), [])
    }
  })

  test('a hash that is made stronger at a login undoes nothing that was decided meanwhile', async (t) => {
    const { users } = rig.store()
    const passwordHash = await hashPassword(PASSWORD, { memory: 64, passes: 1, parallelism: 1 })
    const seen = { subject: 'f', username: 'fred', passwordHash, claims: {} }
    const fred = { ...seen, source: 'command', disabled: false } as const
    await users.put(fred)
    const replace = t.mock.method(users, 'replace', async (was: User, now: User) => {
      await users.put({ ...fred, disabled: true })
      replace.mock.restore()
      return users.replace(was, now)
    })
    const { answer } = await logIn(await arrive(), { username: 'fred', password: PASSWORD })
    assert.equal(replace.mock.callCount(), 1)
    assert.equal(answer.status, 401)
    assert.deepEqual(await users.bySubject('f'), { ...fred, disabled: true })
  })

  for (const fields of [
    {},
    { username: 'alice' },
    { password: 'x' },
    { username: ' ', password: 'x' },
  ]) {
    test(`an incomplete form comes back: ${JSON.stringify(fields)}`, async () => {
      const { place, cookie } = await arrive()
      const answer = await rig.post(`${place}/login`, fields, { cookie })
      assert.equal(answer.status, 400)
      assert.match(answer.body, /id="error"/)
    })
  }

  test('a username with a space at its end is the same username', async () => {
    const { answer } = await logIn(await arrive(), { ...ALICE, username: 'alice ' })
    assert.equal(answer.status, 303)
  })

  test('too many attempts give 429 with the seconds to wait, and the owner of a known browser goes on', async () => {
    const carol = { username: 'carol', password: PASSWORD }
    const user = { subject: 'c', username: 'carol', passwordHash: PASSWORD_HASH, claims: {} }
    await rig.store().users.put({ ...user, source: 'command', disabled: false })
    const known = await logIn(await arrive(), carol)
    const device = known.cookie.split('; ').find((pair) => pair.startsWith(names.device)) ?? ''

    let last = known.answer
    for (let attempt = 0; attempt < 6; attempt += 1) {
      last = (await logIn(await arrive(), { ...carol, password: 'x' })).answer
    }
    assert.equal(last.status, 429)
    assert.ok(Number(last.headers['retry-after']) > 0)
    assert.match(last.body, /id="error"/)
    assert.equal((await logIn(await arrive(), carol)).answer.status, 429, 'the right password too')

    const visit = await arrive()
    const { answer } = await logIn({
      ...visit,
      cookie: `${visit.cookie}; ${device}`,
      answer: visit.answer,
    })
    assert.equal(answer.status, 303)
    const mine = await rig.post(`${visit.place}/login`, carol, {
      cookie: `${visit.cookie}; ${device}`,
    })
    assert.equal(mine.status, 303)
  })

  test('a hash of yesterday is made anew at the next login, unless the file declares it', async () => {
    const { users } = rig.store()
    const old = { subject: 'o', username: 'old', passwordHash: PASSWORD_HASH, claims: {} }
    await users.put({ ...old, source: 'command', disabled: false })
    assert.equal(
      (await logIn(await arrive(), { username: 'old', password: PASSWORD })).answer.status,
      303,
    )
    const renewed = await users.byUsername('old')
    assert.match(renewed?.passwordHash ?? '', /m=65536,t=3/)
    assert.equal(
      (await logIn(await arrive(), { username: 'old', password: PASSWORD })).answer.status,
      303,
    )
    assert.equal((await users.byUsername('alice'))?.passwordHash, PASSWORD_HASH)
  })

  test('a hash of yesterday locks nobody out who logs in twice at the same moment', async () => {
    const { users } = rig.store()
    const old = { subject: 'tw', username: 'twice', passwordHash: PASSWORD_HASH, claims: {} }
    await users.put({ ...old, source: 'command', disabled: false })
    const visits = [await arrive(), await arrive()]
    const fields = { username: 'twice', password: PASSWORD }
    const both = await Promise.all(visits.map((visit) => logIn(visit, fields)))
    assert.deepEqual(
      both.map(({ answer }) => answer.status),
      [303, 303],
    )
  })
})

describe('an interaction belongs to one browser', () => {
  test('another browser sees a page about the missing cookie, and cannot log in or decide', async () => {
    const { place, cookie } = await arrive()
    const other = (await arrive()).cookie
    for (const foreign of ['', other, `${names.browser}=made-up`]) {
      const page = await rig.get(place, { cookie: foreign })
      assert.equal(page.status, 400)
      assert.ok(page.body.includes(names.browser))
      const login = await rig.post(`${place}/login`, ALICE, { cookie: foreign })
      assert.deepEqual([login.status, login.headers['set-cookie']], [400, undefined])
      const cancel = await rig.post(`${place}/cancel`, {}, { cookie: foreign })
      assert.deepEqual([cancel.status, cancel.headers.location], [400, undefined])
    }
    assert.equal((await rig.get(place, { cookie })).status, 200)
  })

  test('a place that was made up is over', async () => {
    const { cookie } = await arrive()
    for (const id of ['x', 'constructor', 'A'.repeat(43)]) {
      assert.equal((await rig.get(`/interaction/${id}`, { cookie })).status, 400)
    }
  })

  test('a session fixed by somebody else is not the one the user gets', async () => {
    const visit = await arrive()
    const planted = `${visit.cookie}; ${names.session}=planted`
    const answer = await rig.post(`${visit.place}/login`, ALICE, { cookie: planted })
    assert.ok(!String(answer.headers['set-cookie']).includes('planted'))
    assert.match((await rig.get(visit.place, { cookie: planted })).body, /id="password"/)
  })
})

describe('forms', () => {
  const foreign = [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example' },
  ]
  test('BCP-17 a form sent from another site does nothing', async () => {
    const visit = await logIn(await arrive(ASKING))
    const action = await consentAction(visit)
    for (const headers of foreign) {
      for (const [path, fields] of [
        [`${visit.place}/login`, ALICE],
        [action, { decision: 'approve' }],
        [`${visit.place}/cancel`, {}],
        [`${visit.place}/switch`, {}],
      ] as const) {
        const answer = await rig.post(path, fields, { cookie: visit.cookie, ...headers })
        assert.equal(answer.status, 403, path)
        assert.deepEqual(
          [answer.headers.location, answer.headers['set-cookie']],
          [undefined, undefined],
        )
      }
    }
    const answer = await rig.post(
      action,
      { decision: 'approve' },
      {
        cookie: visit.cookie,
        origin: 'null',
        'sec-fetch-site': 'same-origin',
      },
    )
    assert.equal(answer.status, 303)
  })

  test('OAU-05 what is no form of ours gives 400 and does nothing', async () => {
    const visit = await logIn(await arrive(ASKING))
    const action = await consentAction(visit)
    const type = 'application/x-www-form-urlencoded'
    for (const [contentType, body] of [
      [type, 'decision=approve&decision=approve'],
      [type, 'decision=yes'],
      [type, 'decision=%zz'],
      [type, ''],
      ['application/json', '{"decision":"approve"}'],
    ] as const) {
      const headers = { cookie: visit.cookie, 'content-type': contentType }
      const answer = await rig.send(action, { method: 'POST', headers, body })
      assert.deepEqual([answer.status, answer.headers.location], [400, undefined], body)
    }
    const unnamed = await rig.post(
      `${visit.place}/consent`,
      { decision: 'approve' },
      { cookie: visit.cookie },
    )
    assert.equal(unnamed.status, 400)
  })
})

describe('deciding', () => {
  test('SP-AZ-13 the consent page says who asks for what, in plain words, and who approves', async () => {
    const visit = await logIn(await arrive(ASKING))
    const { body } = await rig.get(visit.place, { cookie: visit.cookie })
    for (const words of [
      'Example app',
      'app.example',
      'See your accounts',
      'See your profile',
      'Alice Example',
    ]) {
      assert.ok(body.includes(words), words)
    }
    assert.ok(
      !body.includes('data-scope="openid"') && !body.includes('data-scope="offline_access"'),
    )
    assert.match(body, /class="lasting"/)
    for (const id of ['approve', 'cancel']) assert.match(body, new RegExp(`id="${id}"`))
  })

  test('SP-AZ-19 who cancels goes back to the client with access_denied', async () => {
    const stranger = await arrive()
    const user = await logIn(await arrive(ASKING))
    for (const answer of [
      await rig.post(`${stranger.place}/cancel`, {}, { cookie: stranger.cookie }),
      await rig.post(await consentAction(user), { decision: 'cancel' }, { cookie: user.cookie }),
    ]) {
      assert.equal(answer.status, 303)
      const location = new URL(answer.headers.location ?? '')
      assert.ok(location.href.startsWith(REDIRECT_URI))
      assert.deepEqual(
        ['error', 'state', 'iss'].map((name) => location.searchParams.get(name)),
        ['access_denied', 'st', ISSUER],
      )
    }
  })

  test('nobody approves in the name of another', async () => {
    const visit = await logIn(await arrive(ASKING))
    const action = (await consentAction(visit)).replace(/subject=[^&]*/, 'subject=somebody-else')
    const answer = await rig.post(action, { decision: 'approve' }, { cookie: visit.cookie })
    assert.deepEqual([answer.status, answer.headers.location], [400, undefined])
  })

  test('another account: the session ends, and the login starts over', async () => {
    const visit = await logIn(await arrive(ASKING))
    const answer = await rig.post(`${visit.place}/switch`, {}, { cookie: visit.cookie })
    assert.equal(answer.status, 303)
    assert.match(String(answer.headers['set-cookie']), /-session=; .*Max-Age=0/)
    const page = await rig.get(visit.place, { cookie: visit.cookie })
    assert.match(page.body, /id="password"/, 'the session is over, not only its cookie')
  })

  test('somebody who is logged in and has consented before goes straight back', async () => {
    const visit = await logIn(await arrive(ASKING))
    await rig.post(await consentAction(visit), { decision: 'approve' }, { cookie: visit.cookie })
    const again = await rig.get(await push(rig), { cookie: visit.cookie })
    assert.equal(again.status, 303)
    assert.match(again.headers.location ?? '', /^https:\/\/app\.example\/cb\?.*code=/)
  })
})

describe('logging out', () => {
  const AFTER = 'https://app.example/bye'

  test('LOG-04 a link alone does not log anybody out: a page asks', async () => {
    const { cookie } = await logIn(await arrive())
    const target = `client_id=app&post_logout_redirect_uri=${AFTER}`
    const asked = await rig.get(`/logout?${target}&state=a%26b`, { cookie })
    assert.equal(asked.status, 200)
    assert.match(asked.body, /name="decision"/)
    const policy = String(asked.headers['content-security-policy'])
    assert.match(policy, /form-action 'self' https:\/\/app\.example;/)
    const plain = await rig.get('/logout?state=a%26b', { cookie })
    assert.equal(plain.status, 200)
    assert.match(plain.body, /name="state" value="a&amp;b"/)
    assert.equal(plain.headers['set-cookie'], undefined)
    assert.equal((await rig.get(await push(rig), { cookie })).headers['set-cookie'], undefined)
  })

  test('LOG-01 LOG-04 the confirmation counts from our own page only, and ends the session', async () => {
    const { cookie } = await logIn(await arrive())
    const foreign = { cookie, 'sec-fetch-site': 'cross-site' }
    const forged = await rig.post('/logout', { decision: 'logout' }, foreign)
    assert.match(forged.body, /name="decision"/, 'it asks again')
    const stayed = await rig.post('/logout', { decision: 'stay' }, { cookie })
    assert.deepEqual([stayed.status, stayed.headers.location], [303, ISSUER])

    const answer = await rig.post(
      '/logout',
      { decision: 'logout' },
      { cookie, 'sec-fetch-site': 'same-origin' },
    )
    assert.equal(answer.status, 200)
    assert.match(String(answer.headers['set-cookie']), /-session=; .*Max-Age=0/)
    const silent = await rig.get(await push(rig, { prompt: 'none' }), { cookie })
    assert.match(silent.headers.location ?? '', /error=login_required/)
  })

  test('SP-AS-07 LOG-02 nobody is sent where the client has not registered', async () => {
    for (const target of ['https://evil.example/', `${AFTER}?x=1`, `${AFTER}/`, '//evil.example']) {
      const answer = await rig.get(
        `/logout?client_id=app&post_logout_redirect_uri=${encodeURIComponent(target)}`,
      )
      assert.equal(answer.headers.location, undefined, target)
    }
  })
})

test('SP-AS-07 no parameter sends a browser anywhere', async () => {
  const { place, cookie } = await arrive()
  for (const name of [
    'returnTo',
    'return_to',
    'next',
    'url',
    'redirect',
    'continue',
    'redirect_uri',
  ]) {
    for (const path of ['/', '/authorize', place, `${place}/login`, '/logout', '/errors/x']) {
      const answer = await rig.get(`${path}?${name}=https://evil.example/`, { cookie })
      assert.ok(!(answer.headers.location ?? '').includes('evil'), `${path} ${name}`)
      assert.ok(!/(href|action)="[^"]*evil/.test(answer.body), `${path} ${name}`)
    }
  }
})

test('SP-AS-07 OAU-02 a bad client, request_uri or redirect_uri ends on a page, not at a client', async () => {
  const good = await push(rig)
  const bad = [
    '/authorize',
    '/authorize?client_id=app',
    '/authorize?client_id=app&redirect_uri=https://app.example/cb',
    good.replace('client_id=app', 'client_id=other'),
    `${good}x`,
    good.replace('urn', 'https'),
  ]
  for (const path of bad) {
    const answer = await rig.get(path)
    assert.deepEqual([answer.status, answer.headers.location], [400, undefined], path)
    assert.match(answer.headers['content-type'] ?? '', /^text\/html/)
  }
})

test('a browser may post its arrival as well', async () => {
  const [, query = ''] = (await push(rig)).split('?')
  const fields = Object.fromEntries(new URLSearchParams(query))
  const answer = await rig.post('/authorize', fields)
  assert.equal(answer.status, 303)
  assert.match(answer.headers.location ?? '', /\/interaction\//)
})

describe('the address of who logs in', () => {
  const CALLER = '198.51.100.7'

  /** The buckets that a wrong password takes from, by network. */
  async function bucketsOf(
    trusted: readonly string[],
    headers: Readonly<Record<string, string>>,
    networks: readonly string[],
  ): Promise<readonly string[]> {
    const taken: string[] = []
    const watched = await startRig(configOf({ proxies: { trusted } }), (store) => ({
      ...store,
      attempts: {
        ...store.attempts,
        take: (key, policy, now) => {
          taken.push(key)
          return store.attempts.take(key, policy, now)
        },
      },
    }))
    try {
      const arrived = await watched.get(await push(watched))
      const wrong = { username: 'alice', password: 'wrong' }
      const place = `${pathIn(arrived)}/login`
      await watched.post(place, wrong, { ...headers, cookie: cookieHeader(arrived) })
    } finally {
      await watched.server.close()
    }
    return networks.filter((network) => taken.includes(digestOf(`login by address\n${network}`)))
  }
  const known = [CALLER, '127.0.0.1', '1.2.3.4', '10.0.0.2']
  const forwarded = (field: string): Readonly<Record<string, string>> => ({
    'x-forwarded-for': field,
  })

  test('PAR-07 is that of the connection, whatever a header says', async () => {
    assert.deepEqual(await bucketsOf([], forwarded(CALLER), known), ['127.0.0.1'])
    assert.deepEqual(await bucketsOf(['10.0.0.0/8'], forwarded(CALLER), known), ['127.0.0.1'])
  })

  test('PAR-07 is what a trusted proxy says, so that its callers do not share their attempts', async () => {
    assert.deepEqual(await bucketsOf(['127.0.0.1'], forwarded(CALLER), known), [CALLER])
    const chain = forwarded(`${CALLER}, 10.0.0.2`)
    assert.deepEqual(await bucketsOf(['127.0.0.1', '10.0.0.0/8'], chain, known), [CALLER])
  })

  test('PAR-07 is not for the caller to choose: what it wrote itself does not count', async () => {
    const forged = forwarded(`1.2.3.4, 10.0.0.2, ${CALLER}`)
    assert.deepEqual(await bucketsOf(['127.0.0.1', '10.0.0.0/8'], forged, known), [CALLER])
  })
})
