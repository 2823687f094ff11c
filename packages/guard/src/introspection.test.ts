import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import {
  decodeJwt,
  generateSigningKey,
  signJwt,
  verificationKeyOf,
  verifyClientAssertion,
} from '@signet/protocol'
import { API_KEY as key, asked, asking, ENDPOINT } from './testing/asking.ts'
import { createStage, ISSUER, json } from './testing/stage.ts'
import type { HttpAnswer } from './world.ts'

const base = createStage()

test('INT-01 an opaque token is asked for, by an API that proves who it is', async () => {
  const stage = asking()
  const { token } = await stage.granted(stage.issuer.request({ token: 'opaque' }))
  assert.equal(token?.['scope'], 'accounts')
  const form = new URLSearchParams(stage.calls.at(-1)?.form)
  assert.deepEqual(
    [form.get('token'), form.get('token_type_hint'), form.get('client_assertion_type')],
    ['opaque', 'access_token', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'],
  )
  verifyClientAssertion(decodeJwt(form.get('client_assertion') ?? ''), {
    clientId: 'api',
    issuer: ISSUER,
    keys: [verificationKeyOf(key)],
    now: stage.clock.now,
  })
  await stage.granted(stage.issuer.request({ token: 'opaque' }))
  const again = new URLSearchParams(stage.calls.at(-1)?.form)
  assert.notEqual(again.get('client_assertion'), form.get('client_assertion'))
})

test('SP-RS-03 what the issuer tells decides: revoked, expired, unbound and foreign tokens are refused', async () => {
  const stage = asking()
  for (const [told, reason] of [
    [{ active: false }, 'token_inactive'],
    [{ exp: stage.clock.now }, 'introspected_exp'],
    [{ aud: 'https://other.example' }, 'introspected_aud'],
    [{ iss: 'https://evil.example' }, 'introspected_iss'],
    [{ cnf: undefined }, 'token_unbound'],
    [{ cnf: { jkt: 'another' } }, 'dpop_token_binding'],
  ] as const) {
    stage.tell(told)
    const { status, event } = await stage.refused(stage.issuer.request({ token: 'opaque' }))
    assert.deepEqual([status, event.reason], [401, reason])
  }
})

test('SP-RS-03 an issuer that does not answer as it should lets nobody through', async () => {
  const stage = asking()
  const html: HttpAnswer = {
    status: 200,
    mediaType: 'text/html',
    body: Buffer.from('{"active":true}'),
  }
  for (const answer of [html, json([]), json({}, 302), json({ active: true }, 500)]) {
    stage.answers.set(ENDPOINT, () => answer)
    const { status, event } = await stage.refused(stage.issuer.request({ token: 'opaque' }))
    assert.deepEqual([status, event.reason], [503, 'introspection_unavailable'])
  }
  stage.answers.clear()
  assert.equal((await stage.refused(stage.issuer.request({ token: 'opaque' }))).status, 503)
  assert.equal(stage.troubles.length, 5)
  assert.match(stage.troubles.at(-1) ?? '', /introspection: .*connection refused/)
})

test('SP-RS-03 a client is not told that its token is bad where the issuer refuses the API', async () => {
  for (const tokens of ['introspection', 'both'] as const) {
    const stage = asking({}, { tokens, issuer: base.issuer.trusted })
    for (const [told, status] of [
      [{ error: 'invalid_client' }, 401],
      [{ error: 'invalid_client' }, 400],
      [{ error: 'access_denied', active: true }, 403],
      [{ error: 'invalid_token' }, 401],
      [{ error: 'unsupported_token_type' }, 401],
      [{}, 400],
      ['', 401],
    ] as const) {
      stage.answers.set(ENDPOINT, () => json(told, status))
      const { status: answered, headers, event } = await stage.refused(base.issuer.request())
      assert.deepEqual([answered, event.reason], [503, 'introspection_refused'])
      assert.equal(headers['www-authenticate'], undefined)
      assert.match(event.received, new RegExp(`^status ${status}, error `))
      assert.equal(stage.troubles.at(-1), `introspection: ${event.received}`)
    }
  }
})

test('SP-RS-03 an issuer that tells nothing of a kind of tokens calls it bad, unless we know better', async () => {
  const answer = json({ error: 'unsupported_token_type' }, 400)
  const stage = asking({}, { issuer: base.issuer.trusted })
  stage.answers.set(ENDPOINT, () => answer)
  const { status, body, event } = await stage.refused(base.issuer.request({ token: 'a.b.c' }))
  assert.deepEqual([status, body?.error], [401, 'invalid_token'])
  assert.equal(event.reason, 'introspection_unsupported_token')
  assert.deepEqual(stage.troubles, [], 'anybody can send such a token')

  const both = asking({}, { tokens: 'both', issuer: base.issuer.trusted })
  both.answers.set(ENDPOINT, () => answer)
  const good = await both.refused(base.issuer.request())
  assert.deepEqual([good.status, good.event.reason], [503, 'introspection_refused'])
  assert.equal(both.troubles.length, 1)
})

test('SP-NET-01 an introspection endpoint without TLS is not called', async () => {
  const stage = asking()
  stage.answers.set(`${ISSUER}/.well-known/openid-configuration`, () =>
    json({ issuer: ISSUER, introspection_endpoint: 'http://as.example/introspect' }),
  )
  const { event } = await stage.refused(stage.issuer.request({ token: 'opaque' }))
  assert.equal(event.reason, 'issuer_endpoint_unavailable')
})

test('INT-11 answers are used again for as long as configured, never beyond exp, and not at all by default', async () => {
  const fresh = asking()
  for (let count = 0; count < 3; count += 1) {
    await fresh.granted(fresh.issuer.request({ token: 'opaque' }))
  }
  assert.equal(asked(fresh), 3)

  const stage = asking({ seconds: 10 })
  stage.tell({ exp: stage.clock.now + 5 })
  for (const [seconds, calls] of [
    [0, 1],
    [4, 1],
  ] as const) {
    stage.clock.now += seconds
    await stage.granted(stage.issuer.request({ token: 'opaque' }))
    assert.equal(asked(stage), calls)
  }
  stage.clock.now += 1
  await stage.refused(stage.issuer.request({ token: 'opaque' }))
})

test('SP-RS-03 with both, a JWT has to verify and to be active', async () => {
  const stage = asking({}, { tokens: 'both', issuer: base.issuer.trusted })
  await stage.granted(base.issuer.request())
  await stage.refused(base.issuer.request({ token: 'opaque' }))
  await stage.refused(base.issuer.request({ token: base.issuer.token({ aud: 'other' }) }))
  assert.equal(asked(stage), 1)
  stage.tell({ active: false })
  assert.equal((await stage.refused(base.issuer.request())).event.reason, 'token_inactive')
})

test('MS-INT-02 MS-INT-03 a signed answer is asked for, verified, and nothing else is taken for it', async () => {
  const stage = asking({ signed: true }, { issuer: base.issuer.trusted })
  const told = stage.tell()
  const claims = { iss: ISSUER, aud: 'api', iat: stage.clock.now, token_introspection: told }
  const header = { typ: 'token-introspection+jwt' }
  const signed = (body: string): HttpAnswer => ({
    status: 200,
    mediaType: 'application/token-introspection+jwt',
    body: Buffer.from(body),
  })
  stage.answers.set(ENDPOINT, () => signed(signJwt(header, claims, base.issuer.key)))
  const request = () => stage.issuer.request({ token: 'opaque' })
  await stage.granted(request())
  assert.equal(stage.calls.at(-1)?.accept, 'application/token-introspection+jwt')
  for (const answer of [
    json(told),
    signed('a.b.c'),
    signed(JSON.stringify(told)),
    signed(signJwt(header, claims, generateSigningKey('ES256'))),
    signed(signJwt({ typ: 'JWT' }, claims, base.issuer.key)),
    signed(signJwt(header, { ...claims, aud: 'other' }, base.issuer.key)),
    signed(
      signJwt(header, { ...claims, ...told, token_introspection: undefined }, base.issuer.key),
    ),
  ]) {
    stage.answers.set(ENDPOINT, () => answer)
    assert.equal((await stage.refused(request())).status, 503)
  }
})
