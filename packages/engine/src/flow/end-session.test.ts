import { createIdToken, generateSigningKey } from '@signet/protocol'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOf } from '../digest.ts'
import { endSession } from './end-session.ts'
import { answerOf, Browser, type Answers } from './testing/browser.ts'
import {
  app,
  createScene,
  idTokenFrom,
  ISSUER,
  pushed,
  sessionIn,
  type Scene,
} from './testing/scene.ts'

const BYE = 'https://app.example/bye?lang=de'

const isAlive = async ({ store }: Scene, { session = '' }: Browser): Promise<boolean> =>
  (await store.sessions.get(digestOf(session))) !== undefined

async function loggedIn(scene: Scene, sid = 'sid'): Promise<Browser> {
  return new Browser(scene.ports, await sessionIn(scene, { sid }))
}

test('LOG-04 a page on the web cannot log the user out by an image, a form or a guess', async () => {
  const scene = createScene()
  const browser = await loggedIn(scene)
  const foreign = generateSigningKey('ES256')
  const iat = scene.clock.now()
  const claims = { iss: ISSUER, sub: 'alice', aud: 'app', sid: 'sid', iat, exp: iat + 300 }
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`
  for (const query of [
    {},
    { client_id: 'app' },
    { client_id: 'app', post_logout_redirect_uri: BYE, state: 's' },
    { logout_hint: 'alice' },
    { id_token_hint: 'no token' },
    { id_token_hint: unsigned },
    { id_token_hint: createIdToken(claims, foreign) },
    { id_token_hint: idTokenFrom(scene, { iss: 'https://evil.example' }) },
    { id_token_hint: idTokenFrom(scene, { sub: 'mallory' }) },
    { id_token_hint: idTokenFrom(scene, { sid: 'another session' }) },
  ]) {
    const outcome = await browser.logOut(query)
    assert.equal(outcome.action, 'confirm-logout', JSON.stringify(query))
    assert.equal('location' in outcome, false)
    assert.equal(await isAlive(scene, browser), true)
  }
})

test('LOG-03 a hint with a bad signature is put on record and leads to no redirect', async () => {
  const scene = createScene()
  const browser = await loggedIn(scene)
  const [head, , signature] = idTokenFrom(scene).split('.')
  const claims = { iss: ISSUER, sub: 'alice', aud: 'app', iat: 1, exp: 2 }
  const body = Buffer.from(JSON.stringify(claims)).toString('base64url')
  const query = { id_token_hint: `${head}.${body}.${signature}`, post_logout_redirect_uri: BYE }
  assert.equal((await browser.logOut(query)).action, 'confirm-logout')
  assert.deepEqual(await browser.logOut(query, true), { action: 'logged-out' })
  assert.equal(await isAlive(scene, browser), false)
  const refused = scene.events.filter(({ kind }) => kind === 'refused')
  assert.deepEqual(
    refused.map(({ evidence }) => evidence?.reason),
    ['hint_signature', 'hint_signature'],
  )
})

test('LOG-03 a hint of another client than client_id is a page', async () => {
  const scene = createScene()
  scene.clients.set('other', { ...app, id: 'other' })
  const browser = await loggedIn(scene)
  const query = { id_token_hint: idTokenFrom(scene), client_id: 'other' }
  assertPage(await browser.logOut(query), scene, 'LOG-03')
  assert.equal(await isAlive(scene, browser), true)
})

test('LOG-02 SP-AS-07 an unregistered post_logout_redirect_uri is a page, confirmed or not', async () => {
  for (const uri of [
    'https://evil.example/',
    `${BYE}&x=1`,
    'https://app.example/bye',
    'javascript:0',
  ]) {
    for (const confirmed of [false, true]) {
      const scene = createScene()
      const browser = await loggedIn(scene)
      const hint = { id_token_hint: idTokenFrom(scene), post_logout_redirect_uri: uri }
      assertPage(await browser.logOut(hint, confirmed), scene, 'LOG-02')
      assert.equal(await isAlive(scene, browser), true)
    }
  }
})

test('LOG-02 SP-AS-07 nobody is redirected on the word of client_id alone, nor without any client', async () => {
  const scene = createScene()
  for (const [query, named] of [
    [
      { client_id: 'app', post_logout_redirect_uri: BYE, state: 's' },
      { clientName: 'Example app' },
    ],
    [{ post_logout_redirect_uri: BYE }, {}],
  ] as const) {
    const browser = await loggedIn(scene)
    assert.deepEqual(await browser.logOut(query), { action: 'confirm-logout', ...named })
    assert.deepEqual(await browser.logOut(query, true), { action: 'logged-out', ...named })
    assert.equal(await isAlive(scene, browser), false)
  }
})

test('LOG-02 a client that was disabled redirects nobody', async () => {
  const scene = createScene()
  const browser = await loggedIn(scene)
  scene.clients.delete(app.id)
  const query = { id_token_hint: idTokenFrom(scene), post_logout_redirect_uri: BYE }
  assertPage(await browser.logOut(query), scene, 'LOG-02')
})

test('OAU-01 a parameter that comes twice is a page', async () => {
  const scene = createScene()
  const browser = await loggedIn(scene)
  const query = { id_token_hint: idTokenFrom(scene) }
  assert.equal((await browser.logOut(query)).action, 'logged-out')
  const twice = new Browser(scene.ports, await sessionIn(scene))
  const request = { query: 'state=1&state=2', cookies: twice.cookies, confirmed: true }
  assertPage(await endSession(request, scene.ports), scene, 'OAU-01')
  assert.equal(await isAlive(scene, twice), true)
})

test('LOG-01 LOG-03 an expired hint of this very session logs out without asking', async () => {
  for (const hinted of [{ sid: 'sid' }, {}]) {
    const scene = createScene()
    const browser = await loggedIn(scene)
    const query = { id_token_hint: idTokenFrom(scene, hinted), client_id: 'app' }
    const outcome = await browser.logOut({
      ...query,
      post_logout_redirect_uri: BYE,
      state: 'a b&c',
    })
    assert.deepEqual(outcome, {
      action: 'logged-out',
      location: `${BYE}&state=a%20b%26c`,
      clientName: 'Example app',
    })
    assert.equal(await isAlive(scene, browser), false)
    const [event] = scene.events
    assert.deepEqual([event?.kind, event?.subject, event?.clientId], ['logout', 'alice', 'app'])

    const silent = await browser.arrive(await pushed(scene, { prompt: 'none' }))
    assert.equal(answerOf(silent).get('error'), 'login_required')
  }
})

test('LOG-05 state comes back only when it was sent', async () => {
  const scene = createScene()
  const browser = await loggedIn(scene)
  const query = { id_token_hint: idTokenFrom(scene), post_logout_redirect_uri: BYE }
  const outcome = await browser.logOut(query)
  assert.ok(outcome.action === 'logged-out')
  assert.equal(outcome.location, BYE)

  const nowhere = { id_token_hint: idTokenFrom(scene), state: 's' }
  const again = await browser.logOut(nowhere)
  assert.deepEqual(again, { action: 'logged-out', clientName: 'Example app' })
})

test('LOG-01 a client whose hint is of another session is heard once the user has confirmed', async () => {
  const scene = createScene()
  const browser = await loggedIn(scene)
  const hint = idTokenFrom(scene, { sid: 'another session' })
  const query = { id_token_hint: hint, post_logout_redirect_uri: BYE }
  const outcome = await browser.logOut(query, true)
  assert.ok(outcome.action === 'logged-out')
  assert.equal(outcome.location, BYE)
  assert.equal(await isAlive(scene, browser), false)
})

test('LOG-01 where nobody is logged in there is nothing to ask', async () => {
  const scene = createScene()
  assert.deepEqual(await new Browser(scene.ports).logOut({}), { action: 'logged-out' })
  assert.deepEqual(scene.events, [])
})

function assertPage(outcome: Answers['endSession'], scene: Scene, id: string): void {
  assert.ok(outcome.action === 'page', JSON.stringify(outcome))
  assert.equal(outcome.kind, 'request')
  assert.equal('location' in outcome, false)
  const event = scene.events.find((found) => found.id === outcome.eventId)
  assert.deepEqual([event?.step, event?.evidence?.id], ['end-session', id])
}
