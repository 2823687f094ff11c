import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOf } from '../digest.ts'
import { answerOf, Browser, type Answers } from './testing/browser.ts'
import {
  allowed,
  API,
  app,
  CALLBACK,
  createScene,
  ISSUER,
  parameters,
  pushed,
  sessionIn,
  type Scene,
} from './testing/scene.ts'

/** A page, without any way to anywhere, explained by one event in the audit. */
async function assertPage(
  outcome: Answers['begin'],
  scene: Scene,
  expected: { readonly kind: string; readonly error: string; readonly id: string },
): Promise<void> {
  assert.ok(outcome.action === 'page', JSON.stringify(outcome))
  assert.equal('location' in outcome, false)
  const { kind, refusal, eventId } = outcome
  assert.deepEqual({ kind, error: refusal.error }, { kind: expected.kind, error: expected.error })
  const event = await scene.store.audit.find(eventId)
  assert.equal(event?.step, 'begin')
  assert.equal(event?.evidence?.id, expected.id)
  assert.equal(scene.events.length, 1, 'one event for one refusal')
}

test('SP-AZ-03 OAU-02 SP-AS-07 JAR-10 shows a page, and redirects nowhere, for whatever was not pushed', async () => {
  const plain = {
    response_type: 'code',
    client_id: app.id,
    redirect_uri: CALLBACK,
    scope: 'openid',
    state: 's',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  }
  const { client_id: _, ...nobody } = plain
  const request = { kind: 'request', error: 'invalid_request' }
  for (const [query, id] of [
    [plain, 'SP-AZ-03'],
    [{ ...plain, request: 'eyJhbGciOiJQUzI1NiJ9.e30.c2ln' }, 'SP-AZ-03'],
    [{ ...plain, request_uri: 'https://app.example/request.jwt' }, 'SP-AZ-03'],
    [{ ...plain, request_uri: '' }, 'SP-AZ-03'],
    [{ ...plain, prompt: 'none' }, 'SP-AZ-03'],
    [nobody, 'OAU-02'],
    [{}, 'OAU-02'],
  ] as const) {
    const scene = createScene()
    const session = await sessionIn(scene)
    await allowed(scene)
    const outcome = await new Browser(scene.ports, session).open(String(new URLSearchParams(query)))
    await assertPage(outcome, scene, { ...request, id })
  }
})

test('OAU-01 OAU-05 shows a page for a query that is malformed or repeats a parameter', async () => {
  for (const [tail, id] of [
    ['&x=%', 'OAU-05'],
    ['&x=%FF', 'OAU-05'],
    ['&client_id=app', 'OAU-01'],
    ['&x=1&x=2', 'OAU-01'],
  ] as const) {
    const scene = createScene()
    const requestUri = await pushed(scene)
    const query = `client_id=app&request_uri=${encodeURIComponent(requestUri)}${tail}`
    const outcome = await new Browser(scene.ports).open(query)
    await assertPage(outcome, scene, { kind: 'request', error: 'invalid_request', id })
  }
})

test('PAR-10 shows a page for a request_uri that is made up or expired', async () => {
  const expired = { kind: 'expired', error: 'invalid_request_uri', id: 'PAR-10' }
  const scene = createScene()
  const outcome = await new Browser(scene.ports).arrive('urn:ietf:params:oauth:request_uri:guess')
  await assertPage(outcome, scene, expired)

  const late = createScene()
  const requestUri = await pushed(late)
  late.clock.advance(90)
  await assertPage(await new Browser(late.ports).arrive(requestUri), late, expired)
  assert.match(late.events[0]?.evidence?.received ?? '', /expired 0 s ago/)
  assert.equal(late.events[0]?.clientId, 'app', 'as the query claims')
})

test('SP-AZ-12 opens a request_uri through its last second', async () => {
  const scene = createScene()
  const requestUri = await pushed(scene)
  scene.clock.advance(89)
  assert.equal((await new Browser(scene.ports).arrive(requestUri)).action, 'interact')
})

test('PAR-06 PAR-14 shows a page when the request_uri was swapped for one of another client', async () => {
  const scene = createScene()
  scene.clients.set('evil', { ...app, id: 'evil', redirectUris: ['https://evil.example/cb'] })
  const asked = { redirect_uri: 'https://evil.example/cb' }
  const swapped = await pushed(scene, asked, { clientId: 'evil' })
  const outcome = await new Browser(scene.ports).arrive(swapped, 'app')
  await assertPage(outcome, scene, { kind: 'request', error: 'invalid_request', id: 'PAR-06' })
})

test('PAR-06 an unknown client_id opens nobody’s request', async () => {
  const scene = createScene()
  const outcome = await new Browser(scene.ports).arrive(await pushed(scene), 'nobody')
  await assertPage(outcome, scene, { kind: 'request', error: 'invalid_request', id: 'PAR-06' })
})

test('PAR-13 shows a page when the client was disabled between push and use', async () => {
  const scene = createScene()
  const requestUri = await pushed(scene)
  scene.clients.delete(app.id)
  const outcome = await new Browser(scene.ports).arrive(requestUri)
  await assertPage(outcome, scene, { kind: 'client', error: 'invalid_request', id: 'PAR-13' })
})

test('PAR-13 OAU-11 shows a page when the redirect_uri was taken from the client meanwhile', async () => {
  const scene = createScene()
  const requestUri = await pushed(scene)
  scene.clients.set(app.id, { ...app, redirectUris: ['https://app.example/new'] })
  const outcome = await new Browser(scene.ports).arrive(requestUri)
  await assertPage(outcome, scene, { kind: 'client', error: 'invalid_request', id: 'OAU-11' })
})

test('PAR-13 tells the client when a scope or the grant type was taken from it meanwhile', async () => {
  for (const [change, error] of [
    [{ scopes: new Set(['openid']) }, 'invalid_scope'],
    [{ grantTypes: new Set(['client_credentials'] as const) }, 'unauthorized_client'],
  ] as const) {
    const scene = createScene()
    const browser = new Browser(scene.ports, await sessionIn(scene))
    await allowed(scene)
    const requestUri = await pushed(scene)
    scene.clients.set(app.id, { ...app, ...change })
    assert.equal(answerOf(await browser.arrive(requestUri)).get('error'), error)
  }
})

test('PAR-11 uses and echoes nothing of the query but client_id and request_uri', async () => {
  const scene = createScene()
  const browser = new Browser(scene.ports, await sessionIn(scene))
  await allowed(scene)
  const query = new URLSearchParams({
    client_id: app.id,
    request_uri: await pushed(scene, { state: 'inside' }),
    state: 'outside',
    redirect_uri: 'https://evil.example/cb',
    response_type: 'token',
    response_mode: 'fragment',
    scope: 'openid accounts email',
    resource: API,
    prompt: 'login',
    max_age: '0',
    nonce: 'outside',
    code_challenge: 'outside',
    code_challenge_method: 'plain',
    dpop_jkt: 'outside',
    iss: 'https://evil.example',
  })
  const outcome = await browser.open(String(query))
  assert.ok(outcome.action === 'redirect')
  assert.equal(outcome.location.startsWith(`${CALLBACK}&code=`), true)
  assert.doesNotMatch(outcome.location, /outside|evil|#/)
  assert.equal(answerOf(outcome).get('state'), 'inside')

  const code = await scene.store.codes.peek(digestOf(answerOf(outcome).get('code') ?? ''))
  assert.doesNotMatch(JSON.stringify(code), /outside|evil|email|api\.example/)
})

test('the hot path asks the store for six things and no more', async () => {
  const scene = createScene()
  const browser = new Browser(scene.ports, await sessionIn(scene))
  await allowed(scene)
  const requestUri = await pushed(scene)
  scene.calls.length = 0
  assert.equal((await browser.arrive(requestUri)).action, 'redirect')
  assert.deepEqual(scene.calls, [
    'pushedRequests.peek',
    'sessions.get',
    'consents.get',
    'pushedRequests.claim',
    'codes.put',
    'sessions.get',
  ])
})

test('SP-AS-11 SP-AS-12 SP-CR-06 DPOP-JKT-01 a code carries the request and the login, and lives 60 s, known by its digest', async () => {
  const scene = createScene()
  const authTime = scene.clock.now() - 100
  const browser = new Browser(scene.ports, await sessionIn(scene, { sid: 'the sid' }))
  await allowed(scene, { resources: [API] })
  const claims = '{"id_token":{"acr":null}}'
  const asked = { dpop_jkt: 'jkt', max_age: '1000', resource: [API], claims }
  const outcome = await browser.arrive(await pushed(scene, asked))
  const code = answerOf(outcome).get('code') ?? ''
  assert.match(code, /^[\da-z]{7}\.[\w-]{43}$/, 'its second, and 256 bits')
  const found = await scene.store.codes.peek(digestOf(code))
  const { grantId = '', digest: _, status = -1, ...kept } = found ?? {}
  assert.ok(status >= 0 && status < 1_024)
  assert.match(grantId, /^[\da-z]{7}[\w-]{22}$/)
  assert.deepEqual(kept, {
    authorization: {
      clientId: 'app',
      subject: 'alice',
      scopes: ['openid', 'accounts'],
      resources: [API],
      claims,
      authTime,
      acr: 'urn:signet:acr:password',
      amr: ['pwd'],
      sid: 'the sid',
    },
    redirectUri: CALLBACK,
    codeChallenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    dpopJkt: 'jkt',
    nonce: 'the nonce',
    expiresAt: scene.clock.now() + 60,
    keptUntil: scene.clock.now() + 60 + 86_400,
  })
})

test('SP-AZ-14 a code keeps the nonce as long as it is', async () => {
  const nonce = 'n'.repeat(1_024)
  const scene = createScene()
  const browser = new Browser(scene.ports, await sessionIn(scene))
  await allowed(scene)
  const code = answerOf(await browser.arrive(await pushed(scene, { nonce }))).get('code') ?? ''
  assert.equal((await scene.store.codes.peek(digestOf(code)))?.nonce, nonce)
})

test('RES-02 a code for no resource is for the default one of that moment, whatever the default becomes', async () => {
  const scene = createScene()
  const browser = new Browser(scene.ports, await sessionIn(scene))
  await allowed(scene)
  const code = answerOf(await browser.arrive(await pushed(scene))).get('code') ?? ''
  const found = await scene.store.codes.peek(digestOf(code))
  assert.deepEqual(found?.authorization.resources, [scene.ports.service.defaultResource])
})

test('SP-AZ-18 needs neither state nor nonce, and scopes in no order', async () => {
  const scene = createScene()
  const browser = new Browser(scene.ports, await sessionIn(scene))
  await allowed(scene)
  const { state: _, nonce: __, ...bare } = parameters
  const requestUri = await pushed(scene, {}, { parameters: { ...bare, scope: 'accounts openid' } })
  const answer = answerOf(await browser.arrive(requestUri))
  assert.equal(answer.has('state'), false)
  const code = await scene.store.codes.peek(digestOf(answer.get('code') ?? ''))
  assert.ok(code !== undefined && !('nonce' in code))
})

test('SP-AZ-15 PAR-10 a request_uri that gave a code opens nothing any more', async () => {
  const scene = createScene()
  const browser = new Browser(scene.ports, await sessionIn(scene))
  await allowed(scene)
  const requestUri = await pushed(scene)
  assert.equal((await browser.arrive(requestUri)).action, 'redirect')
  const expired = { kind: 'expired', error: 'invalid_request_uri', id: 'PAR-10' }
  await assertPage(await browser.arrive(requestUri), scene, expired)
})

test('PAR-10 of 20 arrivals at once one gets a code, the others a page', async () => {
  const scene = createScene()
  const browser = new Browser(scene.ports, await sessionIn(scene))
  await allowed(scene)
  const requestUri = await pushed(scene)
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => browser.arrive(requestUri)))
  assert.equal(outcomes.filter(({ action }) => action === 'redirect').length, 1)
  const pages = outcomes.filter((outcome) => outcome.action === 'page')
  assert.equal(pages.length, 19)
  assert.ok(pages.every(({ kind }) => kind === 'expired'))
  assert.equal(scene.calls.filter((call) => call === 'codes.put').length, 1)
})

test('SP-AZ-15 who holds a request_uri can reload it, and not fill the store by it', async () => {
  const scene = createScene()
  const requestUri = await pushed(scene)
  const kept = (): number => scene.calls.filter((call) => call === 'interactions.put').length
  for (let visits = 0; visits < 200; visits += 1) await new Browser(scene.ports).arrive(requestUri)
  assert.equal(kept(), 20)
  const outcome = await new Browser(scene.ports).arrive(requestUri)
  assert.ok(outcome.action === 'page' && outcome.refusal.error === 'invalid_request')

  const another = await pushed(scene)
  assert.equal((await new Browser(scene.ports).arrive(another)).action, 'interact')
  scene.clock.advance(1)
  assert.equal((await new Browser(scene.ports).arrive(requestUri)).action, 'interact')
})

test('SP-AZ-15 link previews, reloads and refusals leave the request_uri alive', async () => {
  const scene = createScene()
  const requestUri = await pushed(scene)
  const preview = new Browser(scene.ports)
  assert.equal((await preview.arrive(requestUri)).action, 'interact')
  assert.equal((await preview.arrive(requestUri)).action, 'interact')

  const silent = await pushed(scene, { prompt: 'none' })
  assert.equal(answerOf(await preview.arrive(silent)).get('error'), 'login_required')
  const user = new Browser(scene.ports, await sessionIn(scene))
  await allowed(scene)
  assert.ok(answerOf(await user.arrive(silent)).has('code'))
  assert.equal((await preview.arrive(requestUri)).action, 'interact')
})

test('OIDC-10 SP-AZ-07 OAU-12 prompt=none without a session answers login_required, state and iss', async () => {
  const scene = createScene()
  const requestUri = await pushed(scene, { prompt: 'none' })
  const outcome = await new Browser(scene.ports).arrive(requestUri)
  const { eventId } = outcome.action === 'redirect' ? outcome : {}
  assert.deepEqual(Object.fromEntries(answerOf(outcome)), {
    tenant: 'a/b',
    x: '',
    error: 'login_required',
    error_description: 'the user has to log in',
    error_uri: `${ISSUER}/errors/${eventId}`,
    state: 'the state',
    iss: ISSUER,
  })
  const event = await scene.store.audit.find(eventId ?? '')
  assert.equal(event?.clientId, 'app')
  assert.equal(event.evidence?.received, 'a browser without a live session')
  assert.equal(event.unauthenticated, true, 'anybody can open the link as often as they like')
})

test('OIDC-10 prompt=none with a session that has no consent answers consent_required', async () => {
  const scene = createScene()
  const browser = new Browser(scene.ports, await sessionIn(scene))
  const outcome = await browser.arrive(await pushed(scene, { prompt: 'none' }))
  assert.equal(answerOf(outcome).get('error'), 'consent_required')
  assert.equal(scene.events[0]?.subject, 'alice')
  assert.equal(scene.events[0].unauthenticated, undefined)
})

test('a session that has ended, or was never there, is none', async () => {
  const scene = createScene()
  await allowed(scene)
  for (const session of [
    'made up',
    '',
    await sessionIn(scene, { expiresAt: scene.clock.now() }),
    await sessionIn(scene, { expiresAt: scene.clock.now() - 1 }),
  ]) {
    const outcome = await new Browser(scene.ports, session).arrive(await pushed(scene))
    assert.equal(outcome.action, 'interact')
  }
})

test('a new browser gets a secret of 256 bits, a known one keeps its own, a made-up one is replaced', async () => {
  const scene = createScene()
  const first = await new Browser(scene.ports).arrive(await pushed(scene))
  assert.ok(first.action === 'interact')
  assert.match(first.browser ?? '', /^[\w-]{43}$/)
  assert.match(first.interactionId, /^[\w-]{43}$/)

  const known = new Browser(scene.ports)
  known.browser = first.browser
  const second = await known.arrive(await pushed(scene))
  assert.ok(second.action === 'interact')
  assert.equal('browser' in second, false)
  assert.notEqual(second.interactionId, first.interactionId)

  for (const made of ['', 'x', 'x'.repeat(42), 'x'.repeat(129), `${'x'.repeat(43)};`]) {
    const browser = new Browser(scene.ports)
    browser.browser = made
    const outcome = await browser.arrive(await pushed(scene))
    assert.ok(outcome.action === 'interact')
    assert.match(outcome.browser ?? '', /^[\w-]{43}$/, made)
  }
})

test('an interaction is kept by digests only, bound to browser, request and session', async () => {
  const scene = createScene()
  const session = await sessionIn(scene)
  const browser = new Browser(scene.ports, session)
  const requestUri = await pushed(scene)
  const id = await browser.enter(requestUri)
  assert.deepEqual(await scene.store.interactions.get(digestOf(id)), {
    digest: digestOf(id),
    pushedRequest: digestOf(requestUri),
    browser: digestOf(browser.browser ?? ''),
    enteredWith: digestOf(session),
    startedAt: scene.clock.now(),
    expiresAt: scene.clock.now() + 600,
  })
})

test('what is no refusal is a bug, and stays one', async () => {
  const scene = createScene()
  const broken = { ...scene.ports, clients: { ...scene.ports.clients, find: failing } }
  await assert.rejects(new Browser(broken).arrive(await pushed(scene)), /the disk is full/)
  assert.deepEqual(scene.events, [])
})

const failing = async (): Promise<never> => {
  throw new Error('the disk is full')
}
