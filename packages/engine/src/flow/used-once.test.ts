import { forge } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ASSERTION_TYPE } from '../client-authentication.rules.ts'
import { APP, ASKING, createStage, ISSUER, type Stage } from '../testing/index.ts'
import { push } from './push.ts'
import { asked, PAR, refusedBy, refuses } from './testing/pushing.ts'

describe('what is used once', () => {
  const REPLAYED = ['JWT-09', 'invalid_request_object'] as const

  test('JWT-09 a request object with a jti is taken once, and one without as long as it lives', async () => {
    const stage = createStage()
    const { app } = stage
    const once = app.requestObject({ ...ASKING, jti: 'x' })
    assert.ok(await asked(app.request({ request: once }), stage))
    await refuses(app.request({ request: once }), stage, REPLAYED)
    const fresh = app.requestObject({ ...ASKING, jti: 'x', state: 'another' })
    await refuses(app.request({ request: fresh }), stage, REPLAYED)
    const often = app.requestObject(ASKING)
    for (let time = 0; time < 3; time += 1)
      assert.ok(await asked(app.request({ request: often }), stage))
  })

  test('JWT-09 the jti is remembered as long as the object would be taken', async () => {
    const stage = createStage()
    const { app, clock } = stage
    const exp = clock.now() + 3_600
    const request = app.requestObject({ ...ASKING, jti: 'x', exp })
    assert.ok(await asked(app.request({ request }), stage))
    clock.advance(3_599)
    await refuses(app.request({ request }), stage, REPLAYED)
    clock.advance(10)
    await refuses(app.request({ request }), stage, ['MS-JAR-03', 'invalid_request_object'])
  })

  test('JWT-09 two clients may have the same jti, and an assertion that of an object', async () => {
    const stage = createStage()
    const web = stage.enrol({ ...APP, client_id: 'web' })
    for (const app of [stage.app, web]) {
      const request = app.request({ request: app.requestObject({ ...ASKING, jti: 'x' }) })
      assert.ok(await asked(request, stage))
    }
    const now = stage.clock.now()
    const claims = { iss: 'app', sub: 'app', aud: ISSUER, jti: 'x', iat: now, exp: now + 60 }
    const client_assertion = forge({ alg: 'ES256', typ: 'JWT' }, claims, stage.app.key)
    const request = stage.app.request({ ...ASKING, client_assertion })
    assert.ok(await asked(request, stage))
  })

  test('JWT-09 one of many simultaneous uses gets through', async () => {
    const stage = createStage()
    const { app } = stage
    const request = app.requestObject({ ...ASKING, jti: 'x' })
    const all = await Promise.allSettled(
      Array.from({ length: 20 }, () => push(app.request({ request }), stage.ports)),
    )
    assert.equal(all.filter(({ status }) => status === 'fulfilled').length, 1)
  })

  /** One request with all three: an assertion, a proof and a request object that is good, replayed, or bad. */
  const three = (stage: Stage): Readonly<Record<'assertion' | 'proof' | 'object', string>> => ({
    assertion: stage.app.assertion(),
    proof: stage.app.proof({ url: PAR }),
    object: stage.app.requestObject({ ...ASKING, jti: 'fresh' }),
  })
  const sent = ({ assertion, proof, object }: ReturnType<typeof three>, stage: Stage) => ({
    ...stage.app.request({
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: assertion,
      request: object,
    }),
    dpop: [proof],
  })

  test('PKJ-06 DPOP-PRF-15 a bad request object spends neither assertion nor proof, and its own jti neither', async () => {
    const stage = createStage()
    const good = three(stage)
    const { app } = stage
    for (const object of [
      'a.b.c',
      `${good.object}x`,
      app.requestObject({ ...ASKING, jti: 'fresh', aud: 'x' }),
      app.requestObject({ ...ASKING, jti: 'fresh', request: 'x' }),
      'a.b.c.d.e',
    ]) {
      const { refusal } = await refusedBy(sent({ ...good, object }, stage), stage)
      assert.equal(refusal.error, 'invalid_request_object')
    }
    assert.ok(await asked(sent(good, stage), stage))
  })

  test('PKJ-06 DPOP-PRF-15 a replayed request object spends neither assertion nor proof', async () => {
    const stage = createStage()
    const good = three(stage)
    const object = stage.app.requestObject({ ...ASKING, jti: 'used' })
    assert.ok(await asked(stage.app.request({ request: object }), stage))
    await refuses(sent({ ...good, object }, stage), stage, REPLAYED)
    assert.ok(await asked(sent(good, stage), stage))
  })

  test('JWT-09 a replayed assertion or proof spends no request object', async () => {
    const stage = createStage()
    const good = three(stage)
    const used = three(stage)
    await push({ ...stage.app.request(ASKING), dpop: [used.proof] }, stage.ports)
    const { client_assertion_type, client_assertion } = {
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: used.assertion,
    }
    await push(
      stage.app.request({ ...ASKING, client_assertion_type, client_assertion }),
      stage.ports,
    )
    const byProof = sent({ ...good, proof: used.proof }, stage)
    await refuses(byProof, stage, ['DPOP-PRF-15', 'invalid_dpop_proof'])
    const byAssertion = sent({ ...good, assertion: used.assertion }, stage)
    await refuses(byAssertion, stage, ['PKJ-06', 'invalid_client'])
    assert.ok(await asked(sent(good, stage), stage))
  })

  test('DPOP-AS-06 asking for a nonce spends no request object', async () => {
    const stage = createStage({ dpop: { nonce: 'required' } })
    const good = three(stage)
    await refuses(sent(good, stage), stage, ['DPOP-PRF-11', 'use_dpop_nonce'])
    const nonce = stage.ports.keys.nonces.current()
    const proof = stage.app.proof({ url: PAR, nonce })
    assert.ok(await asked(sent({ ...good, proof }, stage), stage))
  })

  test('PKJ-06 what is asked for wrongly has spent all three', async () => {
    const stage = createStage()
    const wrong = { ...ASKING, scope: 'admin', jti: 'spent' }
    const all = { ...three(stage), object: stage.app.requestObject(wrong) }
    await refuses(sent(all, stage), stage, ['SP-AS-14', 'invalid_scope'])
    for (const [part, id] of [
      ['assertion', 'PKJ-06'],
      ['proof', 'DPOP-PRF-15'],
      ['object', 'JWT-09'],
    ] as const) {
      const { evidence } = await refusedBy(
        sent({ ...three(stage), [part]: all[part] }, stage),
        stage,
      )
      assert.equal(evidence.id, id)
    }
  })
})
