import { decodeJwt } from '@signet/protocol'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Client } from '../clients/client.ts'
import { digestOf } from '../digest.ts'
import { StoreUnavailable } from '../store/store.ts'
import { Browser } from './testing/browser.ts'
import { allowed, app, createScene, idTokenFrom, pushed, type Scene } from './testing/scene.ts'
import { forgetUser } from './session-end.ts'

const URI = 'https://app.example/backchannel-logout?tenant=1'

/** A client that wants to be told. */
const listening: Client = { ...app, backchannelLogoutUri: URI }
const other: Client = { ...listening, id: 'other', backchannelLogoutUri: 'https://other.example/' }

/** A browser at which alice has logged in to these clients. */
async function loggedInTo(scene: Scene, ...clients: readonly Client[]): Promise<Browser> {
  const browser = new Browser(scene.ports)
  for (const client of clients) {
    scene.clients.set(client.id, client)
    await allowed(scene, { clientId: client.id })
    const row = { clientId: client.id }
    const arrived = await browser.arrive(await pushed(scene, {}, row), client.id)
    if (arrived.action === 'interact') {
      await browser.logIn(arrived.interactionId)
      await browser.see(arrived.interactionId)
    }
  }
  return browser
}

const told = ({ notices }: Scene): readonly string[] =>
  notices.map(({ clientId }) => clientId).toSorted()

async function sidOf(scene: Scene, { session = '' }: Browser): Promise<string> {
  return (await scene.store.sessions.get(digestOf(session)))?.sid ?? assert.fail('no session')
}

test('LOG-10 a logout that was not confirmed tells nobody', async () => {
  const scene = createScene()
  const browser = await loggedInTo(scene, listening)
  assert.equal((await browser.logOut({})).action, 'confirm-logout')
  assert.deepEqual(scene.notices, [])
})

test('LOG-10 nobody is told of a session who took no part in it, or does not want to know', async () => {
  const scene = createScene()
  scene.clients.set(other.id, other)
  const browser = await loggedInTo(scene, app)
  await browser.logOut({}, true)
  assert.deepEqual(scene.notices, [])
})

test('LOG-10 a client that is disabled by then, or wants to know no more, is not told', async () => {
  const scene = createScene()
  const browser = await loggedInTo(scene, listening, other)
  scene.clients.delete(other.id)
  scene.clients.set(app.id, app)
  await browser.logOut({}, true)
  assert.deepEqual(scene.notices, [])
})

test('LOG-10 nobody is told of an end that is lost', async () => {
  const scene = createScene()
  const browser = await loggedInTo(scene, listening)
  const settled = (): Promise<void> => Promise.reject(new StoreUnavailable('the disk is full'))
  const store = { ...scene.store, settled }
  const { cookies } = browser
  await assert.rejects(forgetUser(cookies, { ...scene.ports, store }), StoreUnavailable)
  assert.deepEqual(scene.notices, [])
})

test('LOG-07 LOG-10 every client of the session is told once, by a token of its own', async () => {
  const scene = createScene()
  const browser = await loggedInTo(scene, listening, other, listening)
  const sid = await sidOf(scene, browser)
  const hint = idTokenFrom(scene, { sid })
  const attempts = [
    browser.logOut({ id_token_hint: hint }),
    browser.logOut({ id_token_hint: hint }),
  ]
  for (const outcome of await Promise.all(attempts)) assert.equal(outcome.action, 'logged-out')
  assert.deepEqual(told(scene), ['app', 'other'])

  const [notice = assert.fail(), second = assert.fail()] = scene.notices
  assert.deepEqual([notice.uri, notice.subject], [URI, 'alice'])
  const { header, claims } = decodeJwt(notice.logoutToken)
  const { jti, ...rest } = claims
  const iat = scene.clock.now()
  assert.equal(header.typ, 'logout+jwt')
  assert.deepEqual(rest, {
    iss: scene.ports.service.issuer,
    sub: 'alice',
    aud: 'app',
    iat,
    exp: iat + 120,
    sid,
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  })
  assert.match(String(jti), /^[\w-]{22}$/)
  assert.notEqual(decodeJwt(second.logoutToken).claims['jti'], jti)
  assert.equal(scene.events.filter(({ kind }) => kind === 'logout').length, 1)
})

test('who is asked to log in again stays logged in elsewhere, and is logged out everywhere later', async () => {
  const scene = createScene()
  const browser = await loggedInTo(scene, listening, other)
  const sid = await sidOf(scene, browser)
  const former = browser.session ?? ''
  const id = await browser.enter(await pushed(scene, { prompt: 'login' }))
  scene.clock.advance(10)
  await browser.logIn(id)
  assert.deepEqual(scene.notices, [])
  assert.notEqual(browser.session, former)
  assert.equal(await scene.store.sessions.get(digestOf(former)), undefined)
  assert.equal(await sidOf(scene, browser), sid)

  await browser.logOut({}, true)
  assert.deepEqual(told(scene), ['app', 'other'])
})

test('LOG-10 the login of somebody else ends the session before, and its clients are told', async () => {
  const scene = createScene()
  const browser = await loggedInTo(scene, listening)
  const sid = await sidOf(scene, browser)
  const id = await browser.enter(await pushed(scene, { prompt: 'login' }))
  await browser.logIn(id, 'bob')
  const [notice = assert.fail(), ...more] = scene.notices
  assert.deepEqual(more, [])
  const { sub, sid: ended } = decodeJwt(notice.logoutToken).claims
  assert.deepEqual([sub, ended], ['alice', sid])
  assert.notEqual(await sidOf(scene, browser), sid)
})

test('LOG-10 whoever gives the browser to somebody else is logged out, and on record', async () => {
  const scene = createScene()
  const browser = await loggedInTo(scene, listening)
  await forgetUser(browser.cookies, scene.ports)
  await forgetUser(browser.cookies, scene.ports)
  await forgetUser({ browser: undefined, session: undefined }, scene.ports)
  assert.deepEqual(told(scene), ['app'])
  const logouts = scene.events.filter(({ kind }) => kind === 'logout')
  assert.deepEqual(
    logouts.map(({ step, subject }) => [step, subject]),
    [['switch', 'alice']],
  )
})

test('a client that is no new one to its session costs no write', async () => {
  const scene = createScene()
  const browser = await loggedInTo(scene, listening)
  scene.calls.length = 0
  assert.equal((await browser.arrive(await pushed(scene))).action, 'redirect')
  assert.equal(scene.calls.includes('sessions.join'), false)
})
