import {
  CONTENT_ENCRYPTION,
  encryptJwt,
  generateEncryptionKey,
  importEncryptionKeys,
  KEY_MANAGEMENT,
  type ContentEncryption,
  type DecryptionKey,
  type KeyManagement,
} from '@signet/protocol'
import { assemble, createRequestObject } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { BackChannelRequest } from '../outcomes.ts'
import { APP, ASKING, createStage, ISSUER, type Stage } from '../testing/index.ts'
import { asked, EVERYTHING, OTHERWISE, refusedBy, refuses, signed } from './testing/pushing.ts'

describe('an encrypted request object', () => {
  const all = { requestObjectEncryption: KEY_MANAGEMENT }
  const UNDECRYPTABLE = ['JAR-09', 'invalid_request_object'] as const

  interface How {
    readonly alg?: KeyManagement
    readonly enc?: ContentEncryption
    /** The keys of whom it is for; those of the service unless said otherwise. */
    readonly to?: readonly DecryptionKey[]
  }
  const sealed = (stage: Stage, content: string, how: How = {}): Promise<string> => {
    const { alg = 'ECDH-ES', enc = 'A256GCM', to = stage.ports.keys.decryption } = how
    const { keys } = importEncryptionKeys({ keys: to.map(({ publicJwk }) => publicJwk) })
    return encryptJwt(content, { alg, enc, keys })
  }
  const encrypted = async (
    stage: Stage,
    parameters: object,
    how?: How,
  ): Promise<BackChannelRequest> =>
    stage.app.request({ request: await sealed(stage, stage.app.requestObject(parameters), how) })

  for (const alg of KEY_MANAGEMENT) {
    for (const enc of CONTENT_ENCRYPTION) {
      test(`JAR-09 may be encrypted by ${alg} with ${enc}`, async () => {
        const stage = createStage(all)
        const parameters = { ...ASKING, state: 'secret' }
        const { state } = await asked(await encrypted(stage, parameters, { alg, enc }), stage)
        assert.equal(state, 'secret')
      })
    }
  }

  test('JAR-09 is refused where there is no key for it, and told like one that is broken', async () => {
    const ec = createStage({ requestObjectEncryption: ['ECDH-ES'] })
    const none = createStage()
    const stage = createStage(all)
    const stranger = generateEncryptionKey('ECDH-ES')
    const good = await sealed(stage, stage.app.requestObject(ASKING))
    const [head = '', , ...tail] = good.split('.')
    const told = new Set<string>()
    for (const [at, request] of [
      [none, good],
      [ec, await sealed(stage, stage.app.requestObject(ASKING), { alg: 'RSA-OAEP-256' })],
      [ec, await sealed(ec, ec.app.requestObject(ASKING), { alg: 'ECDH-ES+A128KW' })],
      [stage, await sealed(stage, stage.app.requestObject(ASKING), { to: [stranger] })],
      [stage, `${good.slice(0, -4)}AAAA`],
      [stage, [head, 'AAAA', ...tail].join('.')],
      [stage, 'a.b.c.d.e'],
      [stage, '....'],
    ] as const) {
      const { refusal, evidence } = await refusedBy(at.app.request({ request }), at)
      assert.deepEqual([evidence.id, refusal.error], UNDECRYPTABLE, evidence.received)
      told.add(refusal.description)
    }
    assert.equal(told.size, 1, 'who encrypts learns nothing of what is inside')
  })

  test('JAR-09 JWT-02 holds a signed JWT, and neither claims nor another JWE', async () => {
    const stage = createStage(all)
    const { app, clock } = stage
    const now = clock.now()
    const claims = { aud: ISSUER, client_id: 'app', nbf: now, exp: now + 60, ...ASKING }
    const inner = app.requestObject(ASKING)
    for (const content of [
      JSON.stringify(claims),
      '',
      assemble({ alg: 'none' }, claims, ''),
      await sealed(stage, inner),
      ` ${inner}`,
      JSON.stringify({ request: inner }),
    ]) {
      const request = app.request({ request: await sealed(stage, content) })
      await refuses(request, stage, UNDECRYPTABLE)
    }
  })

  test('MS-JAR-06 JWT-02 proves nothing by being encrypted: the signature inside counts', async () => {
    const stage = createStage(all)
    const web = stage.enrol({ ...APP, client_id: 'web' })
    const signer = { clientId: 'app', issuer: ISSUER, now: stage.clock.now() }
    const theirs = createRequestObject({ ...signer, key: web.key }, ASKING)
    for (const [content, id] of [
      [theirs, 'MS-JAR-06'],
      [web.requestObject(ASKING), 'PAR-09'],
      [stage.app.requestObject({ ...ASKING, aud: 'x' }), 'MS-JAR-02'],
      [stage.app.requestObject({ ...ASKING, exp: 1 }), 'MS-JAR-04'],
      [stage.app.assertion(), 'JWT-11'],
    ] as const) {
      const request = stage.app.request({ request: await sealed(stage, content) })
      await refuses(request, stage, [id, 'invalid_request_object'])
    }
  })

  test('JWT-09 is taken once too, encrypted the same way or anew, or not at all', async () => {
    const stage = createStage(all)
    const inner = stage.app.requestObject({ ...ASKING, jti: 'x' })
    assert.ok(await asked(stage.app.request({ request: await sealed(stage, inner) }), stage))
    for (const request of [await sealed(stage, inner), inner]) {
      await refuses(stage.app.request({ request }), stage, ['JWT-09', 'invalid_request_object'])
    }
  })

  test('JAR-09 a client that registered to encrypt may send nothing else, in no other way', async () => {
    const base = createStage(all)
    const registered = {
      ...APP,
      request_object_encryption_alg: 'ECDH-ES+A256KW',
      request_object_encryption_enc: 'A128GCM',
    }
    const stage = { ...base, app: base.enrol(registered, base.app.key) }
    const agreed = { alg: 'ECDH-ES+A256KW', enc: 'A128GCM' } as const
    assert.ok(await asked(await encrypted(stage, ASKING, agreed), stage))
    for (const how of [
      { ...agreed, alg: 'ECDH-ES' },
      { ...agreed, alg: 'RSA-OAEP-256' },
      { ...agreed, enc: 'A256GCM' },
      { ...agreed, enc: 'A128CBC-HS256' },
    ] as const) {
      await refuses(await encrypted(stage, ASKING, how), stage, UNDECRYPTABLE)
    }
    await refuses(signed(stage, ASKING), stage, UNDECRYPTABLE)
    await refuses(stage.app.request(ASKING), stage, ['MS-JAR-01', 'invalid_request'])
  })

  test('JAR-04 is all that counts, like one that is not encrypted', async () => {
    const stage = createStage(all)
    const request = await sealed(stage, stage.app.requestObject(EVERYTHING))
    const beside = stage.app.request({ request, ...OTHERWISE })
    assert.deepEqual(await asked(beside, stage), await asked(signed(stage, EVERYTHING), stage))
  })

  test('JAR-09 nothing of it, or of what went wrong inside, is told to the operator in full', async () => {
    const stage = createStage(all)
    const inner = stage.app.requestObject({ ...ASKING, state: 'a-secret-state', aud: 'x' })
    const request = await sealed(stage, inner)
    const { evidence } = await refusedBy(stage.app.request({ request }), stage)
    const told = JSON.stringify(evidence)
    for (const part of [...request.split('.'), ...inner.split('.'), 'a-secret-state']) {
      if (part !== '') assert.ok(!told.includes(part), part)
    }
  })
})
