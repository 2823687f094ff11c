import { generateSigningKey, refusal, Refused } from '@signet/protocol'
import { forge } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Misconfigured } from './config.rules.ts'
import { endpointsOf } from './config.ts'
import { createEngine, type Engine } from './create-engine.ts'
import type { BackChannelRequest, RefusedOutcome } from './outcomes.ts'
import type { AuditEvent } from './store/audit.ts'
import type { Store } from './store/store.ts'
import { StoreUnavailable } from './store/store.ts'
import { APP, ASKING, createStage, formRequest, ISSUER, type Stage } from './testing/index.ts'

const PAR = `${ISSUER}/par`
const TOKEN = `${ISSUER}/token`

function refusedOutcome(outcome: { readonly action: string }): RefusedOutcome {
  assert.equal(outcome.action, 'refused', JSON.stringify(outcome))
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the action tells
  return outcome as RefusedOutcome
}

async function explained(
  outcome: { readonly action: string },
  { ports }: Stage,
): Promise<AuditEvent> {
  const event = await ports.store.audit.find(refusedOutcome(outcome).eventId)
  assert.ok(event, 'the event id leads to an event')
  return event
}

/** The ports with a store that writes down what it records, and may be broken. */
function watched(
  stage: Stage,
  change: Partial<Store> = {},
): { engine: Engine; events: AuditEvent[] } {
  const events: AuditEvent[] = []
  const { store } = stage.ports
  const audit: Store['audit'] = {
    ...store.audit,
    record: async (event) => {
      events.push(event)
      await store.audit.record(event)
    },
  }
  return { engine: createEngine({ ...stage.ports, store: { ...store, audit, ...change } }), events }
}

describe('an explained refusal', () => {
  test('has an event id that leads to step, client, rule, expectation, remedy and server time', async () => {
    const stage = createStage()
    const engine = createEngine(stage.ports)
    const request = stage.app.request({ ...ASKING, response_type: 'token' })
    const outcome = refusedOutcome(await engine.push(request))
    assert.deepEqual(outcome.refusal, {
      error: 'unsupported_response_type',
      description: 'response_type must be code',
    })
    const event = await explained(outcome, stage)
    assert.deepEqual(event, {
      id: outcome.eventId,
      at: stage.clock.milliseconds(),
      kind: 'refused',
      step: 'push',
      clientId: 'app',
      refusal: outcome.refusal,
      evidence: {
        id: 'SP-AZ-01',
        reason: 'response_type_not_code',
        expected: 'response_type=code',
        received: 'response_type token',
        remedy: 'Use the authorization code flow.',
      },
    })
  })

  test('tells an operator why a proof failed: htu, clock, nonce, audience, key', async () => {
    const stage = createStage()
    const engine = createEngine(stage.ports)
    const toToken = stage.app.request(ASKING, { url: 'https://internal:8080/par' })
    const htu = (await explained(await engine.push(toToken), stage)).evidence
    assert.match(htu?.received ?? '', /https:\/\/internal:8080\/par/)
    assert.match(htu?.expected ?? '', /https:\/\/as\.example\/par/)

    stage.clock.advance(-300)
    const proof = stage.app.proof({ url: PAR })
    stage.clock.advance(300)
    const late = { ...stage.app.request(ASKING), dpop: [proof] }
    assert.match(
      (await explained(await engine.push(late), stage)).evidence?.received ?? '',
      /-300 s/,
    )

    const claims = { iss: 'app', sub: 'app', aud: TOKEN, jti: 'j', exp: stage.clock.now() + 60 }
    const client_assertion = forge({ alg: 'ES256' }, claims, stage.app.key)
    const aud = await explained(
      await engine.push(stage.app.request({ ...ASKING, client_assertion })),
      stage,
    )
    assert.match(aud.evidence?.received ?? '', /https:\/\/as\.example\/token/)

    const stranger = forge(
      { alg: 'ES256', kid: 'k1' },
      { ...claims, aud: ISSUER },
      generateSigningKey('ES256'),
    )
    const key = await explained(
      await engine.push(stage.app.request({ ...ASKING, client_assertion: stranger })),
      stage,
    )
    assert.match(key.evidence?.received ?? '', /kid "k1"/)
    assert.equal(key.evidence?.id, 'PKJ-07')
    assert.match(key.evidence.expected, /thumbprint|key of the client/)
  })

  test('is written once for each refused request of every step, each under an id of its own', async () => {
    const stage = createStage()
    const { engine, events } = watched(stage)
    const steps = ['push', 'token', 'introspect', 'revoke'] as const
    for (const step of steps) await engine[step](formRequest({ client_id: 'app' }))
    await engine.userinfo({
      method: 'GET',
      authorization: ['DPoP x'],
      dpop: [],
      parameterNames: [],
    })
    const refused = new Refused(refusal('invalid_request', 'too big'), {
      id: 'OAU-05',
      reason: 'body_too_big',
      expected: 'less',
      received: 'more',
      remedy: 'Send less.',
    })
    await engine.refuse(refused, { step: 'transport' })
    assert.deepEqual(
      events.map(({ step }) => step),
      [...steps, 'userinfo', 'transport'],
    )
    assert.equal(new Set(events.map(({ id }) => id)).size, events.length)
  })

  test('no success writes a refusal', async () => {
    const stage = createStage()
    const { engine, events } = watched(stage)
    assert.equal((await engine.push(stage.app.request(ASKING))).action, 'created')
    assert.deepEqual(events, [])
  })
})

describe('the audit of refused requests', () => {
  test('never holds a secret that was sent, wherever it was put', async () => {
    const stage = createStage()
    const { engine, events } = watched(stage)
    const { app, clock } = stage
    const assertion = app.assertion()
    const proof = app.proof({ url: PAR })
    const accessToken = forge({ alg: 'ES256', typ: 'at+jwt' }, { sub: 'alice' }, app.key)
    const plain = [
      's3cret-of-the-client',
      'c0de-of-the-user',
      'refr3sh-token',
      'verifi3r-'.repeat(6),
    ] as const
    const [secret, code, refreshToken, verifier] = plain
    const basic = Buffer.from(`app:${secret}`).toString('base64')
    const authenticated = {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    }
    const requests: readonly BackChannelRequest[] = [
      formRequest({ client_id: 'app', client_secret: secret }),
      formRequest({ client_assertion: assertion, client_secret: secret }),
      { ...formRequest({}), authorization: [`Basic ${basic}`] },
      { ...formRequest({}), authorization: [basic] },
      { ...formRequest({}), authorization: [accessToken] },
      {
        ...formRequest({ ...authenticated, client_assertion: assertion }),
        authorization: [`DPoP ${accessToken}`],
      },
      formRequest({
        client_assertion_type: assertion,
        client_assertion: authenticated.client_assertion_type,
      }),
      formRequest({ ...authenticated, client_assertion: assertion, client_id: assertion }),
      formRequest({ ...authenticated, client_assertion: `${assertion}x` }),
      formRequest({ ...authenticated, client_assertion: assertion.slice(0, -3) }),
      formRequest({ ...authenticated, client_assertion: `${assertion}.` }),
      {
        ...formRequest({}),
        body: `${code}=x&${code}=y`,
        contentType: 'application/x-www-form-urlencoded',
      },
      { ...formRequest({}), body: `${assertion}&${assertion}` },
      {
        ...formRequest({}),
        body: JSON.stringify({ client_secret: secret, code }),
        contentType: 'application/json',
      },
      formRequest({ code: [code, code], refresh_token: refreshToken }),
      app.request({ ...ASKING, request: assertion }),
      app.request({ ...ASKING, request_uri: assertion }),
      app.request({ ...ASKING, id_token_hint: assertion }),
      app.request({ ...ASKING, scope: accessToken }),
      app.request({ ...ASKING, response_type: accessToken }),
      app.request({ ...ASKING, code_challenge: verifier }),
      { ...app.request(ASKING), dpop: [proof, proof] },
      { ...app.request(ASKING), dpop: [`${proof}, ${proof}`] },
      { ...app.request(ASKING), dpop: [proof.slice(0, -4)] },
      { ...app.request(ASKING), dpop: [assertion] },
      app.request({ ...ASKING, dpop_jkt: proof }),
      app.request(
        { grant_type: 'authorization_code', code, code_verifier: verifier },
        { url: TOKEN },
      ),
      app.request(
        { grant_type: 'authorization_code', code, code_verifier: verifier },
        { url: PAR },
      ),
      app.request({ grant_type: 'refresh_token', refresh_token: refreshToken }, { url: TOKEN }),
      app.request({ grant_type: 'refresh_token', refresh_token: accessToken }, { url: TOKEN }),
      app.request({ token: accessToken, token_type_hint: accessToken }),
      app.request({ token: [accessToken, accessToken] }),
    ]
    const sent = new Set([assertion, proof, accessToken, basic, ...plain])
    for (const request of requests) {
      for (const [, value] of new URLSearchParams(request.body)) {
        if (value.startsWith('eyJ')) sent.add(value)
      }
      for (const value of request.dpop) sent.add(value)
      for (const step of ['push', 'token', 'introspect', 'revoke'] as const) {
        await engine[step](request)
        clock.advance(1)
      }
    }
    for (const authorization of [
      [accessToken],
      [`Bearer ${accessToken}`],
      [`DPoP ${accessToken}`],
      [`DPoP ${accessToken}`, 'x'],
    ]) {
      for (const dpop of [[], [proof], [proof, proof]]) {
        await engine.userinfo({ method: 'GET', authorization, dpop, parameterNames: [] })
      }
    }
    assert.ok(events.length > 100, String(events.length))
    const told = JSON.stringify(events)
    for (const value of sent) {
      assert.ok(!told.includes(value), `an event holds ${value}`)
      const [, payload = value, signature = value] = value.split('.')
      assert.ok(!told.includes(payload), `an event holds a part of ${value}`)
      assert.ok(!told.includes(signature), `an event holds the signature of ${value}`)
    }
  })

  test('is bounded and printable, whatever was sent', async () => {
    const stage = createStage()
    const { engine, events } = watched(stage)
    for (const value of ['x'.repeat(100_000), 'a\nb\u001b[2J\u202e\0', '\u2028'.repeat(1_000)]) {
      for (const name of [
        'scope',
        'redirect_uri',
        'response_type',
        'resource',
        'prompt',
        'dpop_jkt',
        'client_id',
      ]) {
        await engine.push(stage.app.request({ ...ASKING, [name]: value }))
      }
      await engine.push({ ...formRequest({ client_id: value }), contentType: value })
    }
    assert.equal(events.length, 24)
    for (const { evidence, clientId = '', refusal: told } of events) {
      for (const text of [evidence?.expected ?? '', evidence?.received ?? '', clientId]) {
        assert.ok(text.length < 450, `${text.length}`)
        assert.doesNotMatch(text, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      }
      // OAU-05: and the caller is told none of it.
      assert.match(told?.description ?? '', /^[\x20\x21\x23-\x5B\x5D-\x7E]+$/)
    }
  })
})

describe('the engine', () => {
  test('SP-PROF-01 does not start with a configuration that breaks its profile', () => {
    const { ports } = createStage()
    const service = { ...ports.service, lifetimes: { ...ports.service.lifetimes, code: 61 } }
    assert.throws(() => createEngine({ ...ports, service }), Misconfigured)
  })

  test('lets no exception pass for a refusal: it is thrown on, and no event is written', async () => {
    const stage = createStage()
    const down = new StoreUnavailable('gone')
    const { engine, events } = watched(stage, { replay: { first: () => Promise.reject(down) } })
    await assert.rejects(engine.push(stage.app.request(ASKING)), down)
    assert.deepEqual(events, [])
  })

  test('answers nothing before it is durable, neither a success nor a refusal', async () => {
    const stage = createStage()
    const lost = new StoreUnavailable('lost')
    const { engine } = watched(stage, { settled: () => Promise.reject(lost) })
    await assert.rejects(engine.push(stage.app.request(ASKING)), lost)
    await assert.rejects(engine.push(formRequest({})), lost)
  })

  test('DPOP-AS-06 hands a nonce out with every answer that may need one, and nowhere if nonces are off', async () => {
    const stage = createStage({ dpop: { nonce: 'required' } })
    const engine = createEngine(stage.ports)
    const nonce = stage.ports.keys.nonces.current()
    const refused = refusedOutcome(await engine.push(stage.app.request(ASKING, { url: PAR })))
    assert.equal(refused.refusal.error, 'use_dpop_nonce')
    assert.equal(refused.dpopNonce, nonce)
    assert.match(nonce, /^[\x21\x23-\x5B\x5D-\x7E]+$/)
    const good = await engine.push(stage.app.request(ASKING, { url: PAR, nonce }))
    assert.equal(good.action, 'created')
    assert.equal(good.dpopNonce, nonce)
    const asked = refusedOutcome(await engine.token(formRequest({})))
    assert.equal(asked.dpopNonce, nonce)
    const introspected = await engine.introspect(formRequest({}))
    assert.ok(!('dpopNonce' in introspected))

    const off = createEngine(createStage().ports)
    assert.ok(!('dpopNonce' in (await off.push(formRequest({})))))
  })

  test('two services share nothing: neither assertions, nor request_uris, nor events', async () => {
    const one = createStage()
    const issuer = 'https://as.example/other'
    const other = createStage({ issuer, endpoints: endpointsOf(issuer), defaultResource: issuer })
    const first = createEngine(one.ports)
    const second = createEngine(other.ports)

    const foreign = refusedOutcome(await second.push(one.app.request(ASKING)))
    assert.equal(foreign.refusal.error, 'invalid_client')
    assert.equal((await explained(foreign, other)).evidence?.id, 'SP-AS-08')
    assert.equal(await one.ports.store.audit.find(foreign.eventId), undefined)

    const pushed = await first.push(one.app.request(ASKING))
    assert.equal(pushed.action, 'created')
    const query = String(new URLSearchParams({ client_id: 'app', request_uri: pushed.requestUri }))
    const cookies = { browser: undefined, session: undefined }
    assert.equal((await second.begin({ query, cookies })).action, 'page')
    assert.equal((await first.begin({ query, cookies })).action, 'interact')
  })

  test('two engines of one service share what was used', async () => {
    const stage = createStage()
    const request = stage.app.request(ASKING)
    assert.equal((await createEngine(stage.ports).push(request)).action, 'created')
    const again = await createEngine(stage.ports).push(request)
    assert.equal((await explained(again, stage)).evidence?.id, 'PKJ-06')
  })

  test('SP-AS-03 a client that was disabled is unknown at once', async () => {
    const stage = createStage()
    const web = stage.enrol({ ...APP, client_id: 'web' })
    const clients = { ...stage.ports.clients, find: async () => undefined }
    const event = await explained(
      await createEngine({ ...stage.ports, clients }).push(web.request(ASKING)),
      stage,
    )
    assert.equal(event.evidence?.id, 'SP-AS-03')
    assert.equal(event.clientId, 'web')
  })
})

test('only what an authenticated client causes is kept whatever strangers do', async () => {
  const stage = createStage()
  const { engine, events } = watched(stage)
  const marks = async (outcome: Promise<unknown>): Promise<boolean> => {
    await outcome
    return events.at(-1)?.unauthenticated === true
  }
  const good = stage.app.request(ASKING)
  const mallory = stage.app.request({ ...ASKING, client_assertion: 'x' })
  const strangers: Readonly<Record<string, BackChannelRequest>> = {
    'no form': { ...good, contentType: 'text/plain' },
    'a malformed form': { ...good, body: '%' },
    'a repeated parameter': { ...good, body: `${good.body}&x=1&x=2` },
    'two methods': { ...good, authorization: ['Basic x'] },
    'no assertion': formRequest(ASKING),
    'a false assertion': mallory,
  }
  for (const step of ['push', 'token', 'introspect', 'revoke'] as const)
    for (const [title, request] of Object.entries(strangers))
      assert.ok(await marks(engine[step](request)), `${title} at ${step}`)
  const resource = { method: 'GET', authorization: [], dpop: [], parameterNames: [] }
  assert.ok(await marks(engine.userinfo(resource)), 'no token')
  const arrival = { query: 'client_id=app&request_uri=x', cookies: { browser: '', session: '' } }
  assert.ok(await marks(engine.begin(arrival)), 'an unknown request_uri')

  const wrong = stage.app.request({ ...ASKING, response_type: 'token' })
  assert.equal(await marks(engine.push(wrong)), false)
  const known = stage.app.request({ grant_type: 'password' })
  assert.equal(await marks(engine.token(known)), false)
  assert.ok(await marks(engine.push(wrong)), 'an assertion that comes again may be stolen')
})
