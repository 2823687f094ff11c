import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOf } from '../digest.ts'
import { shutOut } from '../tokens/shut-out.ts'
import type { AuthorizationCode } from '../store/ephemeral.ts'
import { complete } from './complete.ts'
import { answerOf, Browser } from './testing/browser.ts'
import {
  allowed,
  API,
  app,
  CALLBACK,
  createScene,
  ISSUER,
  pushed,
  sessionIn,
  type Scene,
} from './testing/scene.ts'

/** Alice, logged in, before the consent page. */
async function beforeConsent(
  scene: Scene,
  ...asked: readonly Parameters<typeof pushed>[1][]
): Promise<{ readonly browser: Browser; readonly id: string; readonly requestUri: string }> {
  const browser = new Browser(scene.ports, await sessionIn(scene))
  const requestUri = await pushed(scene, asked[0])
  return { browser, requestUri, id: await browser.enter(requestUri) }
}

const consentOf = (
  scene: Scene,
  subject = 'alice',
): ReturnType<Scene['store']['consents']['get']> => scene.store.consents.get(subject, app.id)

test('approving without a login gives nothing', async () => {
  const scene = createScene()
  const browser = new Browser(scene.ports)
  const id = await browser.enter(await pushed(scene))
  const outcome = await browser.decide(id, 'approve')
  assert.ok(outcome.action === 'page' && outcome.kind === 'expired')
  assert.equal(outcome.refusal.error, 'login_required')
  assert.equal(scene.calls.includes('codes.put'), false)
  assert.equal(scene.calls.includes('consents.put'), false)
  assert.equal((await browser.see(id)).action, 'login', 'and the user can still log in')
})

test('OIDC-10 approving does not stand in for the login that prompt, max_age or a hint ask for', async () => {
  for (const asked of [{ prompt: 'login' }, { max_age: '99' }, { hinted_subject: 'bob' }]) {
    const scene = createScene()
    const { browser, id } = await beforeConsent(scene, asked)
    const outcome = await browser.decide(id, 'approve')
    assert.equal(outcome.action, 'page', JSON.stringify(asked))
    assert.equal(scene.calls.includes('codes.put'), false)
  }
})

test('BCP-16 no code outlives the user being shut out while it is made', async () => {
  const scene = createScene()
  const { ports, store } = scene
  const ending = {
    ...store,
    codes: {
      ...store.codes,
      put: async (code: AuthorizationCode) => {
        // Its session was there a moment ago; and whoever ends it looks for codes in vain.
        await shutOut('alice', ports)
        await store.codes.put(code)
      },
    },
  }
  const browser = new Browser({ ...ports, store: ending }, await sessionIn(scene))
  const id = await browser.enter(await pushed(scene))
  const outcome = await browser.decide(id, 'approve')
  assert.ok(outcome.action === 'page' && outcome.kind === 'expired')
})

test('approving after the session has ended gives nothing', async () => {
  const scene = createScene()
  const expiresAt = scene.clock.now() + 10
  const browser = new Browser(scene.ports, await sessionIn(scene, { expiresAt }))
  const id = await browser.enter(await pushed(scene))
  scene.clock.advance(10)
  assert.equal((await browser.decide(id, 'approve')).action, 'page')
})

test('SP-AZ-13 what alice was shown is not approved by whoever has logged in since', async () => {
  const scene = createScene()
  const { browser, id } = await beforeConsent(scene)
  const shown = await browser.see(id)
  assert.ok(shown.action === 'consent' && shown.subject === 'alice')
  await browser.logIn(await browser.enter(await pushed(scene, { prompt: 'login' })), 'bob')

  const { cookies } = browser
  const request = { id, cookies, decision: 'approve', subject: shown.subject } as const
  const outcome = await complete(request, scene.ports)
  assert.ok(outcome.action === 'page' && outcome.kind === 'expired')
  assert.equal(await consentOf(scene, 'bob'), undefined)
  assert.equal(scene.calls.includes('codes.put'), false)

  const now = await complete({ ...request, subject: 'bob' }, scene.ports)
  assert.ok(answerOf(now).has('code'))
})

test('SP-AZ-19 SP-AZ-07 OAU-12 cancel answers access_denied with state and iss', async () => {
  const scene = createScene()
  const { browser, id } = await beforeConsent(scene)
  const outcome = await browser.decide(id, 'cancel')
  assert.ok(outcome.action === 'redirect')
  assert.equal(outcome.location.startsWith(`${CALLBACK}&error=access_denied&`), true)
  const answer = answerOf(outcome)
  assert.equal(answer.get('state'), 'the state')
  assert.equal(answer.get('iss'), ISSUER)
  assert.equal(answer.get('error_uri'), `${ISSUER}/errors/${outcome.eventId}`)
  assert.equal(answer.has('code'), false)
  const event = await scene.store.audit.find(outcome.eventId ?? '')
  assert.deepEqual([event?.evidence?.id, event?.subject], ['SP-AZ-19', 'alice'])
  assert.equal(await consentOf(scene), undefined)
})

test('SP-AZ-19 cancel works before anybody has logged in', async () => {
  const scene = createScene()
  const browser = new Browser(scene.ports)
  const id = await browser.enter(await pushed(scene))
  assert.equal(answerOf(await browser.decide(id, 'cancel')).get('error'), 'access_denied')
})

test('SP-AZ-15 OAU-12 approve answers with a code, state and iss, and nothing else', async () => {
  const scene = createScene()
  const { browser, id } = await beforeConsent(scene)
  const outcome = await browser.decide(id, 'approve')
  const answer = answerOf(outcome)
  assert.deepEqual([...answer.keys()], ['tenant', 'x', 'code', 'state', 'iss'])
  const code = await scene.store.codes.peek(digestOf(answer.get('code') ?? ''))
  assert.equal(code?.authorization.subject, 'alice')
  assert.equal('eventId' in outcome, false)
})

test('SP-AZ-16 a state of 5,000 characters survives the whole way, approved or not', async () => {
  const state = 'ß&=+ %'.repeat(834).slice(0, 5_000)
  for (const decision of ['approve', 'cancel'] as const) {
    const scene = createScene()
    const { browser, id } = await beforeConsent(scene, { state })
    assert.equal(answerOf(await browser.decide(id, decision)).get('state'), state)
  }
})

test('SP-AZ-15 PAR-10 the request dies with the decision, whichever it was', async () => {
  for (const decision of ['approve', 'cancel'] as const) {
    const scene = createScene()
    const { browser, id, requestUri } = await beforeConsent(scene)
    assert.equal((await browser.decide(id, decision)).action, 'redirect')
    for (const outcome of [
      await browser.decide(id, 'approve'),
      await browser.decide(id, 'cancel'),
      await browser.see(id),
      await browser.arrive(requestUri),
    ]) {
      assert.ok(outcome.action === 'page' && outcome.kind === 'expired', JSON.stringify(outcome))
      assert.equal(outcome.refusal.error, 'invalid_request_uri')
    }
    assert.equal(
      scene.calls.filter((call) => call === 'codes.put').length,
      decision === 'approve' ? 1 : 0,
    )
  }
})

test('PAR-10 of 20 completions at once one gets a code', async () => {
  const scene = createScene()
  const { browser, id } = await beforeConsent(scene)
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, () => browser.decide(id, 'approve')),
  )
  assert.equal(outcomes.filter(({ action }) => action === 'redirect').length, 1)
  assert.equal(outcomes.filter(({ action }) => action === 'page').length, 19)
  assert.equal(scene.calls.filter((call) => call === 'codes.put').length, 1)
  assert.equal(scene.calls.filter((call) => call === 'consents.put').length, 1)
})

test('SP-AZ-15 two interactions of one request give one answer', async () => {
  const scene = createScene()
  const { browser, id, requestUri } = await beforeConsent(scene)
  const second = await browser.enter(requestUri)
  const outcomes = await Promise.all([
    browser.decide(id, 'approve'),
    browser.decide(second, 'cancel'),
  ])
  assert.deepEqual(outcomes.map(({ action }) => action).toSorted(), ['page', 'redirect'])
})

test('consent is remembered, added to, and asked again only for more', async () => {
  const scene = createScene()
  const { browser, id } = await beforeConsent(scene, { scope: 'openid' })
  await browser.decide(id, 'approve')
  assert.deepEqual(await consentOf(scene), {
    subject: 'alice',
    clientId: 'app',
    scopes: ['openid'],
    resources: [ISSUER],
    updatedAt: scene.clock.now(),
  })

  const more = await browser.enter(await pushed(scene, { scope: 'accounts' }))
  assert.equal((await browser.see(more)).action, 'consent')
  await browser.decide(more, 'approve')
  assert.deepEqual((await consentOf(scene))?.scopes, ['openid', 'accounts'])
  const known = await browser.arrive(await pushed(scene, { scope: 'accounts openid' }))
  assert.ok(answerOf(known).has('code'))
})

test('consent of one user is none of another’s, and for one client none for another', async () => {
  const scene = createScene()
  await allowed(scene)
  scene.clients.set('other', { ...app, id: 'other' })
  const bob = new Browser(scene.ports, await sessionIn(scene, { subject: 'bob' }))
  assert.equal((await bob.arrive(await pushed(scene))).action, 'interact')
  const alice = new Browser(scene.ports, await sessionIn(scene))
  const foreign = await pushed(scene, {}, { clientId: 'other' })
  assert.equal((await alice.arrive(foreign, 'other')).action, 'interact')
})

test('consent for more than shown is not to be had by naming claims or another resource', async () => {
  const scene = createScene()
  const { browser, id } = await beforeConsent(scene, { scope: 'openid accounts' })
  await browser.decide(id, 'approve')
  for (const asked of [
    { claims: '{"userinfo":{"email":null}}' },
    { claims: '{"id_token":{"tax_number":null}}' },
    { resource: [API] },
    { scope: 'openid accounts offline_access' },
  ]) {
    const outcome = await browser.arrive(await pushed(scene, { ...asked, prompt: 'none' }))
    assert.equal(answerOf(outcome).get('error'), 'consent_required', JSON.stringify(asked))
  }
})

test('OIDC-10 prompt=consent asks again, and once', async () => {
  const scene = createScene()
  await allowed(scene)
  const { browser, id } = await beforeConsent(scene, { prompt: 'consent' })
  assert.equal((await browser.see(id)).action, 'consent')
  assert.ok(answerOf(await browser.decide(id, 'approve')).has('code'))
})

test('OIDC-10 prompt=login and expired max_age give a code with the time of the new login', async () => {
  for (const asked of [{ prompt: 'login' }, { max_age: '0' }, { max_age: '99' }]) {
    const scene = createScene()
    await allowed(scene)
    const { browser, id } = await beforeConsent(scene, asked)
    scene.clock.advance(30)
    assert.equal((await browser.see(id)).action, 'login')
    await browser.logIn(id)
    const code = answerOf(await browser.see(id)).get('code') ?? ''
    const kept = await scene.store.codes.peek(digestOf(code))
    assert.equal(kept?.authorization.authTime, scene.clock.now())
  }
})
