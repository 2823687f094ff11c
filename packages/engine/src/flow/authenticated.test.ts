import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOf } from '../digest.ts'
import { authenticated } from './authenticated.ts'
import { answerOf, Browser } from './testing/browser.ts'
import { allowed, createScene, pushed, sessionIn } from './testing/scene.ts'

test('a session that an attacker planted in the browser is worth nothing after the login', async () => {
  const scene = createScene()
  const planted = await sessionIn(scene, { subject: 'mallory', sid: 'planted' })
  const victim = new Browser(scene.ports, planted)
  const id = await victim.enter(await pushed(scene, { prompt: 'login' }))
  await victim.logIn(id, 'alice')

  assert.notEqual(victim.session, planted)
  assert.equal(await scene.store.sessions.get(digestOf(planted)), undefined)
  const session = await scene.store.sessions.get(digestOf(victim.session ?? ''))
  assert.equal(session?.subject, 'alice')
  assert.notEqual(session.sid, 'planted')

  await allowed(scene)
  const attacker = new Browser(scene.ports, planted)
  const silent = await attacker.arrive(await pushed(scene, { prompt: 'none' }))
  assert.equal(answerOf(silent).get('error'), 'login_required')
})

test('a secret that the browser made up never becomes a session', async () => {
  const scene = createScene()
  const made = 'A'.repeat(43)
  const browser = new Browser(scene.ports, made)
  const id = await browser.enter(await pushed(scene))
  await browser.logIn(id)
  assert.notEqual(browser.session, made)
  assert.equal(await scene.store.sessions.get(digestOf(made)), undefined)
})

test('a session is a new secret of 256 bits, kept by its digest, for as long as configured', async () => {
  const scene = createScene()
  const browser = new Browser(scene.ports)
  const id = await browser.enter(await pushed(scene))
  scene.clock.advance(20)
  const outcome = await browser.logIn(id)
  assert.ok(outcome.action === 'logged-in')
  assert.match(outcome.session, /^[\w-]{43}$/)
  assert.equal(outcome.expiresIn, 28_800)
  const { sid = '', ...session } = (await scene.store.sessions.get(digestOf(outcome.session))) ?? {}
  assert.match(sid, /^[\w-]{22}$/)
  assert.deepEqual(session, {
    digest: digestOf(outcome.session),
    subject: 'alice',
    authTime: scene.clock.now(),
    acr: 'urn:signet:acr:password',
    amr: ['pwd'],
    expiresAt: scene.clock.now() + 28_800,
  })
  assert.deepEqual(
    scene.events.map(({ kind, step, subject, clientId }) => ({ kind, step, subject, clientId })),
    [{ kind: 'login', step: 'authenticated', subject: 'alice', clientId: 'app' }],
  )
  assert.doesNotMatch(JSON.stringify(scene.events), new RegExp(outcome.session))
})

test('a login may be of another class and by other means', async () => {
  const scene = createScene()
  const browser = new Browser(scene.ports)
  const id = await browser.enter(await pushed(scene))
  const { cookies } = browser
  const request = { id, cookies, subject: 'alice', acr: 'gold', amr: ['pwd', 'otp'] }
  const outcome = await authenticated(request, scene.ports)
  assert.ok(outcome.action === 'logged-in')
  const session = await scene.store.sessions.get(digestOf(outcome.session))
  assert.deepEqual([session?.acr, session?.amr], ['gold', ['pwd', 'otp']])
})

test('nobody logs in to an interaction that is over', async () => {
  const scene = createScene()
  const browser = new Browser(scene.ports)
  const id = await browser.enter(await pushed(scene))
  await browser.decide(id, 'cancel')
  scene.calls.length = 0
  const outcome = await browser.logIn(id)
  assert.ok(outcome.action === 'page' && outcome.kind === 'expired')
  assert.equal(scene.calls.includes('sessions.put'), false)
})
