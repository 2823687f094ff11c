import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answerOf, Browser } from './testing/browser.ts'
import { allowed, API, app, CALLBACK, createScene, pushed, sessionIn } from './testing/scene.ts'

test('SP-SEC-05 another browser that opens my interaction sees a page about the cookie', async () => {
  const scene = createScene()
  const mine = new Browser(scene.ports, await sessionIn(scene))
  const id = await mine.enter(await pushed(scene))

  const stranger = new Browser(scene.ports, await sessionIn(scene, { subject: 'mallory' }))
  await stranger.enter(await pushed(scene))
  const without = new Browser(scene.ports)
  const withSession = new Browser(scene.ports, mine.session)
  for (const browser of [stranger, without, withSession]) {
    for (const outcome of [
      await browser.see(id),
      await browser.logIn(id, 'mallory'),
      await browser.decide(id, 'approve'),
      await browser.decide(id, 'cancel'),
    ]) {
      assert.ok(outcome.action === 'page' && outcome.kind === 'cookie', JSON.stringify(outcome))
    }
  }
  const received = new Set(scene.events.map(({ evidence }) => evidence?.received))
  assert.deepEqual([...received], ['the browser cookie of another browser', 'no browser cookie'])
  assert.equal((await mine.see(id)).action, 'consent', 'and I can go on')
})

test('an interaction that is made up, or over, is a page that says so', async () => {
  const scene = createScene()
  const browser = new Browser(scene.ports)
  const id = await browser.enter(await pushed(scene))
  const made = await browser.see('made-up')
  assert.ok(made.action === 'page' && made.kind === 'expired')
  scene.clock.advance(600)
  const late = await browser.see(id)
  assert.ok(late.action === 'page' && late.kind === 'expired')
})

test('SP-AZ-12 a login begun in time may take longer than the request_uri lives', async () => {
  const scene = createScene()
  const browser = new Browser(scene.ports)
  const requestUri = await pushed(scene)
  scene.clock.advance(89)
  const id = await browser.enter(requestUri)
  scene.clock.advance(590)
  assert.equal((await browser.see(id)).action, 'login')
  await browser.logIn(id)
  assert.ok(answerOf(await browser.decide(id, 'approve')).has('code'))
})

test('PAR-13 OAU-11 the policy for the client counts at every step, not only at the arrival', async () => {
  for (const change of [undefined, { ...app, redirectUris: ['https://app.example/new'] }]) {
    const scene = createScene()
    const browser = new Browser(scene.ports, await sessionIn(scene))
    const id = await browser.enter(await pushed(scene))
    scene.clients.delete(app.id)
    if (change !== undefined) scene.clients.set(app.id, change)
    for (const outcome of [
      await browser.see(id),
      await browser.decide(id, 'approve'),
      await browser.decide(id, 'cancel'),
      await browser.logIn(id),
    ]) {
      assert.ok(outcome.action === 'page' && outcome.kind === 'client', JSON.stringify(outcome))
    }
  }
})

test('asks for a login, with what the client knows of the user', async () => {
  const scene = createScene()
  const browser = new Browser(scene.ports)
  const asked = { login_hint: 'alice@example.com', ui_locales: 'de en' }
  const id = await browser.enter(await pushed(scene, asked))
  assert.deepEqual(await browser.see(id), {
    action: 'login',
    client: app,
    redirectUri: CALLBACK,
    loginHint: 'alice@example.com',
    uiLocales: 'de en',
  })
})

test('SP-AZ-13 asks for consent to everything the client would get, and says what is new', async () => {
  const scene = createScene()
  const browser = new Browser(scene.ports, await sessionIn(scene))
  await allowed(scene, { scopes: ['openid'], resources: [API] })
  const claims = '{"userinfo":{"email":null}}'
  const id = await browser.enter(await pushed(scene, { resource: [API], claims }))
  assert.deepEqual(await browser.see(id), {
    action: 'consent',
    client: app,
    redirectUri: CALLBACK,
    subject: 'alice',
    scopes: [
      { name: 'openid', isNew: false },
      { name: 'accounts', isNew: true },
      { name: 'email', isNew: true },
    ],
    resources: [API],
  })
})

test('after the login of a user who has allowed it all before, the answer goes out at once', async () => {
  const scene = createScene()
  await allowed(scene)
  const browser = new Browser(scene.ports)
  const id = await browser.enter(await pushed(scene))
  assert.equal((await browser.see(id)).action, 'login')
  await browser.logIn(id)
  assert.ok(answerOf(await browser.see(id)).has('code'))

  const again = await browser.see(id)
  assert.ok(again.action === 'page' && again.kind === 'expired', 'and only once')
})

test('looking at a page decides nothing', async () => {
  const scene = createScene()
  const browser = new Browser(scene.ports, await sessionIn(scene))
  const requestUri = await pushed(scene)
  const id = await browser.enter(requestUri)
  assert.equal((await browser.see(id)).action, 'consent')
  assert.equal((await browser.see(id)).action, 'consent')
  assert.equal((await browser.arrive(requestUri)).action, 'interact')
})

test('OIDC-10 a login as somebody else than the client hinted at is told to the client', async () => {
  const scene = createScene()
  const browser = new Browser(scene.ports, await sessionIn(scene))
  const id = await browser.enter(await pushed(scene, { hinted_subject: 'bob' }))
  assert.equal((await browser.see(id)).action, 'login')
  await browser.logIn(id, 'carol')
  assert.equal(answerOf(await browser.see(id)).get('error'), 'login_required')
  await browser.logIn(id, 'bob')
  assert.equal((await browser.see(id)).action, 'consent')
})
