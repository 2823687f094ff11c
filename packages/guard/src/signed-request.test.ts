import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, test } from 'node:test'
import {
  generateSigningKey,
  invalidRequest,
  Refused,
  verificationKeyOf,
  withFields,
} from '@signet/protocol'
import type { GuardOptions } from './options.ts'
import type { GuardRequest } from './request.ts'
import type { Requirements } from './requirements.ts'
import { asking } from './testing/asking.ts'
import { withToken } from './testing/requests.ts'
import { API, createStage, json, type Stage } from './testing/stage.ts'
import type { SignatureChange } from './testing/test-issuer.ts'

const key = generateSigningKey('ES256')
const other = generateSigningKey('PS256')
const JWKS_URI = 'https://app.example/jwks'
const SIGNED: Requirements = { signedRequest: true }
const options: Partial<GuardOptions> = {
  clientKeys: { app: { jwks: { keys: [key.publicJwk] } }, rival: { jwksUri: JWKS_URI } },
}
const stageWith = (change: Partial<GuardOptions> = {}): Stage =>
  createStage({ ...options, ...change })

const post = ({ issuer }: Stage): GuardRequest =>
  issuer.request({ method: 'POST', target: '/payments?x=1' })
const sign = (stage: Stage, change: Partial<SignatureChange> = {}): GuardRequest =>
  stage.issuer.sign(post(stage), { key, body: '{"amount":1}', ...change })

test('HS-RS-01 a signed request is granted, with and without a body', async () => {
  const stage = stageWith()
  await stage.granted(sign(stage), SIGNED)
  await stage.granted(sign(stage, { body: '' }), SIGNED)
  assert.deepEqual(stage.calls, [])
})

const refused: Readonly<
  Record<string, readonly [make: (stage: Stage) => GuardRequest, reason: string]>
> = {
  'HS-RS-01 a request without signature': [
    (stage) => ({ ...post(stage), readBody: async () => Buffer.alloc(0) }),
    'request_signature_unreadable',
  ],
  'HS-RS-01 the signature of another client': [
    (stage) => sign(stage, { key: other }),
    'request_signature_key',
  ],
  'HS-RS-01 a signature for another URL of this server': [
    (stage) => sign(stage, { baseUrl: 'https://evil.example' }),
    'request_signature_invalid',
  ],
  'HS-RS-01 a signature for another query': [
    (stage) => ({ ...sign(stage), target: '/payments?x=2' }),
    'request_signature_invalid',
  ],
  'HS-RS-02 a signature with another tag': [
    (stage) => {
      const request = sign(stage)
      const [input = ''] = request.headers.filter((_, at, all) => all[at - 1] === 'signature-input')
      const changed = input.replace('fapi-2-request', 'fapi-2-response')
      return { ...request, headers: withFields(request.headers, { 'signature-input': changed }) }
    },
    'request_signature_tag',
  ],
  'HS-RS-04 an old signature': [
    (stage) => sign(stage, { now: stage.clock.now - 61 }),
    'request_signature_created',
  ],
  'HS-RS-05 a signature without the proof': [
    (stage) => {
      const { headers } = post(stage)
      const proof = headers.slice(headers.indexOf('DPoP'))
      const early = stage.issuer.sign({ ...post(stage), headers: headers.slice(0, 2) }, { key })
      return { ...early, headers: [...early.headers, ...proof] }
    },
    'request_signature_dpop',
  ],
  'HS-RS-06 another body': [
    (stage) => ({ ...sign(stage), readBody: async () => Buffer.from('{"amount":2}') }),
    'request_content_digest',
  ],
  'HS-RS-06 a body that was added': [
    (stage) => ({ ...sign(stage, { body: '' }), readBody: async () => Buffer.from('x') }),
    'request_content_digest',
  ],
  'HS-RS-07 a signature by a key of somebody else, for a token of a client without keys': [
    (stage) => {
      const { readBody } = sign(stage)
      const request = withToken({ client_id: 'nobody' }, { method: 'POST' })(stage)
      return { ...stage.issuer.sign(request, { key }), readBody }
    },
    'request_signature_key',
  ],
  'HS-RS-07 a token that names no client': [
    (stage) => {
      const { headers } = withToken({ client_id: '__proto__' })(stage)
      return stage.issuer.sign({ ...stage.issuer.request(), headers }, { key })
    },
    'request_signature_key',
  ],
}

describe('where signed requests are asked for, the guard refuses', () => {
  for (const [title, [make, reason]] of Object.entries(refused)) {
    test(title, async () => {
      const stage = stageWith()
      const { status, event, headers } = await stage.refused(make(stage), SIGNED)
      assert.deepEqual([status, event.error, event.reason], [401, 'invalid_signature', reason])
      assert.match(headers['www-authenticate'] ?? '', /^DPoP .*error="invalid_signature"/)
      const told = JSON.stringify(event)
      assert.ok(!told.includes('amount') && !told.includes('eyJ'), told)
    })
  }
})

test('DPOP-PRF-15 a proof that is used again is not new because the body comes late', async () => {
  const stage = stageWith()
  const request = sign(stage)
  await stage.granted(request, SIGNED)
  const late = {
    ...request,
    readBody: async (): Promise<Buffer> => {
      stage.clock.now += 70
      return Buffer.from('{"amount":1}')
    },
  }
  assert.equal((await stage.refused(late, SIGNED)).event.reason, 'dpop_proof_replayed')
})

test('where none are asked for, nobody looks at signatures or bodies', async () => {
  const stage = stageWith()
  const readBody = (): Promise<never> => assert.fail('nobody may read this')
  await stage.granted({ ...sign(stage, { key: other }), readBody })
})

test('HS-RS-06 the body is read only when everything else holds', async () => {
  const stage = stageWith()
  const readBody = (): Promise<never> => assert.fail('nobody may read this')
  for (const request of [
    withToken({ aud: 'https://other.example' })(stage),
    { ...sign(stage), headers: post(stage).headers },
    sign(stage, { key: other }),
  ]) {
    await stage.refused({ ...request, readBody }, SIGNED)
  }
})

const unreadable = new Refused(invalidRequest('too large'), {
  id: 'HS-RS-06',
  reason: 'signed_body_too_large',
  expected: 'less',
  received: 'more',
  remedy: 'Send less.',
})

test('HS-RS-06 DPOP-PRF-15 a body that cannot be read is refused, and another try needs another proof', async () => {
  const stage = stageWith()
  const request = sign(stage)
  const readBody = (): Promise<never> => Promise.reject(unreadable)
  assert.equal((await stage.refused({ ...request, readBody }, SIGNED)).status, 400)
  assert.equal((await stage.refused(request, SIGNED)).event.reason, 'dpop_proof_replayed')
  await stage.granted(sign(stage), SIGNED)
})

test('HS-RS-06 a body that was read in part is let through in no mode, but another that is wrong', async () => {
  for (const mode of ['warn', 'observe'] as const) {
    const stage = stageWith({ mode })
    const readBody = (): Promise<never> => Promise.reject(unreadable)
    assert.equal((await stage.refused({ ...sign(stage), readBody }, SIGNED)).status, 400)
    const granted = await stage.granted(
      { ...sign(stage), readBody: async () => Buffer.from('another') },
      SIGNED,
    )
    assert.equal(granted.refused?.reason, 'request_content_digest')
  }
})

test('a request whose body nobody can give is not taken for one without body', async () => {
  const stage = stageWith()
  const { readBody: _, ...blind } = sign(stage)
  await assert.rejects(stage.guard.check(blind, SIGNED), TypeError)
})

test('HS-RS-01 a request may be signed for any URL of this server', async () => {
  const stage = stageWith({ otherBaseUrls: ['https://mtls.api.example/v1/'] })
  await stage.granted(sign(stage), SIGNED)
  await stage.granted(sign(stage, { baseUrl: 'https://mtls.api.example/v1' }), SIGNED)
})

test('HS-RS-07 keys of a client are fetched from its jwks_uri, and again for a new name', async () => {
  const stage = stageWith()
  const rival = (by = key): GuardRequest =>
    stage.issuer.sign(withToken({ client_id: 'rival' })(stage), { key: by })
  const down = await stage.refused(rival(), SIGNED)
  assert.deepEqual([down.status, down.event.reason], [503, 'client_keys_unavailable'])
  assert.match(stage.troubles[0] ?? '', /^client_keys: /)

  stage.clock.now += 2
  stage.answers.set(JWKS_URI, () => json({ keys: [key.publicJwk] }))
  await stage.granted(rival(), SIGNED)
  await stage.granted(rival(), SIGNED)
  assert.equal(stage.calls.length, 2)

  stage.answers.set(JWKS_URI, () => json({ keys: [key.publicJwk, other.publicJwk] }))
  await stage.refused(rival(other), SIGNED)
  assert.equal(stage.calls.length, 2)
  stage.clock.now += 11
  await stage.granted(rival(other), SIGNED)
  assert.equal(stage.calls.length, 3)
})

test('HS-RS-07 a function may find the keys, of that client only', async () => {
  const asked: (readonly [string, string | undefined])[] = []
  const stage = stageWith({
    clientKeys: async (clientId, keyid) => {
      asked.push([clientId, keyid])
      return [verificationKeyOf(key)]
    },
  })
  await stage.granted(sign(stage), SIGNED)
  assert.deepEqual(asked, [['app', key.kid]])
  const failing = stageWith({
    clientKeys: () => Promise.reject(new Error('password of the store')),
  })
  const { status, event } = await failing.refused(sign(failing), SIGNED)
  assert.equal(status, 503)
  assert.doesNotMatch(JSON.stringify(event), /password/)
})

test('HS-RS-07 for a token of which no client is known, nobody is asked for keys', async () => {
  const clientKeys = (): Promise<never> => assert.fail('nobody may ask this')
  const stage = asking({}, { clientKeys })
  const request = stage.issuer.sign(stage.issuer.request({ token: 'opaque' }), { key })
  const { event } = await stage.refused(request, SIGNED)
  assert.equal(event.reason, 'request_signature_key')
})

test('SP-CR-01 keys of algorithms that this API does not take verify nothing', async () => {
  const stage = stageWith({
    algorithms: ['ES256'],
    clientKeys: { app: { jwks: { keys: [other.publicJwk] } } },
  })
  const { event } = await stage.refused(sign(stage, { key: other }), SIGNED)
  assert.equal(event.reason, 'request_signature_key')
})

test('a guard says at the start that it cannot do what a route asks for', () => {
  const { guard } = createStage()
  assert.throws(() => guard.checkRequirements(SIGNED), /signedRequest needs clientKeys/)
  assert.throws(() => guard.checkRequirements({ signedResponse: true }), /needs responseKey/)
  guard.checkRequirements({})
  guard.checkRequirements(undefined)
  const sources: readonly GuardOptions['clientKeys'][] = [
    { app: { jwksUri: 'http://app.example/jwks' } },
    { app: { jwksUri: 'not a URL' } },
  ]
  for (const clientKeys of sources) {
    assert.throws(() => createStage({ clientKeys }), /clientKeys must give/)
  }
  assert.throws(() => createStage({ largestBody: 0 }), /largestBody/)
  assert.throws(() => createStage({ jwksUri: 'http://api.example/jwks' }), /jwksUri must be/)
})

test(`the metadata of ${API} tell the keys that answers are signed with`, () => {
  const { guard } = createStage({ responseKey: key, jwksUri: `${API}/jwks` })
  const metadata = guard.metadata()
  assert.equal(metadata.jwks_uri, `${API}/jwks`)
  assert.deepEqual(metadata.resource_signing_alg_values_supported, ['ES256'])
})
