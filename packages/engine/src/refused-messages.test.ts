import { encryptJwt, importEncryptionKeys } from '@signet/protocol'
import { forge } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ASSERTION_TYPE } from './client-authentication.rules.ts'
import { createEngine, type Engine } from './create-engine.ts'
import type { BackChannelRequest } from './outcomes.ts'
import type { AuditEvent } from './store/audit.ts'
import { APP, ASKING, createStage, ISSUER, type Actor, type Stage } from './testing/index.ts'
import { certificateFor, MUTUAL_TLS } from './testing/mutual-tls.ts'

const own = await certificateFor('app.example')
const foreign = await certificateFor('web.example')
const BY_AUTHORITY = {
  ...APP,
  client_id: 'vouched',
  token_endpoint_auth_method: 'tls_client_auth',
  tls_client_auth_san_dns: 'app.example',
}
const STEPS = ['push', 'token', 'introspect', 'revoke'] as const

/** A service with everything switched on, and what its audit gets. */
function watched(): {
  readonly stage: Stage
  readonly engine: Engine
  readonly events: AuditEvent[]
} {
  const stage = createStage({ mtls: MUTUAL_TLS, requestObjectEncryption: ['ECDH-ES'] })
  const events: AuditEvent[] = []
  const audit = {
    ...stage.ports.store.audit,
    record: async (event: AuditEvent): Promise<void> => void events.push(event),
  }
  const ports = { ...stage.ports, store: { ...stage.ports.store, audit } }
  return { stage, engine: createEngine(ports), events }
}

test('nothing of a request object, signed or encrypted, is put on record', async () => {
  const { stage, engine, events } = watched()
  const { app, ports, clock } = stage
  const secrets = { state: 'the-secret-state', nonce: 'the-secret-nonce', login_hint: 'the-hint' }
  const object = app.requestObject({ ...ASKING, ...secrets })
  const { keys } = importEncryptionKeys({
    keys: ports.keys.decryption.map(({ publicJwk }) => publicJwk),
  })
  const sealed = await encryptJwt(object, { alg: 'ECDH-ES', enc: 'A256GCM', keys })
  const now = clock.now()
  const claims = { client_id: 'app', aud: ISSUER, nbf: now, exp: now + 60, ...ASKING, ...secrets }
  const bad = (change: object, header: object = {}): string =>
    forge({ alg: 'ES256', ...header }, { ...claims, ...change }, app.key)
  const sent = [
    object.slice(0, -3),
    `${object}.`,
    `${sealed}x`,
    sealed.slice(0, -6),
    bad({ aud: object }),
    bad({ client_id: object }),
    bad({ iss: object }),
    bad({ sub: 'app' }),
    bad({ request: object }),
    bad({ request_uri: object }),
    bad({ exp: object, nbf: object }),
    bad({ jti: 7 }),
    bad({ jti: [object] }),
    bad({ state: { secret: object } }),
    bad({}, { typ: object }),
    bad({}, { kid: object }),
    bad({ scope: object }),
    bad({ response_mode: object }),
    bad({ id_token_hint: object }),
    bad({ dpop_jkt: object }),
    bad({ claims: { userinfo: object } }),
    await encryptJwt(bad({ aud: object }), { alg: 'ECDH-ES', enc: 'A256GCM', keys }),
    await encryptJwt(JSON.stringify(claims), { alg: 'ECDH-ES', enc: 'A256GCM', keys }),
  ]
  for (const request of sent) {
    const outcome = await engine.push(app.request({ request }))
    assert.equal(outcome.action, 'refused', request)
  }
  assert.equal(events.length, sent.length)
  const told = JSON.stringify(events)
  for (const value of [object, sealed, ...sent, ...Object.values(secrets)]) {
    for (const part of value.split('.')) {
      if (part.length > 6) assert.ok(!told.includes(part), `an event holds ${part}`)
    }
  }
})

test('what a certificate says is on record, bounded, and no credentials beside it are', async () => {
  const { stage, engine, events } = watched()
  const long = await certificateFor('app.example', {
    subject: `CN=${'x'.repeat(60)},${Array.from({ length: 60 }, (_, index) => `OU=unit ${index}`).join(',')}`,
    extensions: [],
  })
  const basic = Buffer.from('app:s3cret').toString('base64')
  for (const { der } of [own, foreign, long]) {
    const app = stage.enrol({ ...BY_AUTHORITY, client_id: 'vouched' }, stage.app.key, [der])
    for (const request of [
      app.request({ ...ASKING, client_secret: 's3cret' }),
      { ...app.request(ASKING), authorization: [`Basic ${basic}`] },
      app.request({ ...ASKING, client_id: 'nobody' }),
      app.request({ ...ASKING, client_id: app.assertion() }),
      app.request({ ...ASKING, response_type: 'token' }),
    ]) {
      assert.equal((await engine.push(request)).action, 'refused')
    }
  }
  for (const { evidence, clientId = '' } of events) {
    for (const text of [evidence?.expected ?? '', evidence?.received ?? '', clientId])
      assert.ok(text.length < 450, text)
  }
  assert.doesNotMatch(JSON.stringify(events), /s3cret|eyJ/)
  assert.ok(!JSON.stringify(events).includes(basic))
})

test('only what an authenticated client causes is kept whatever strangers with certificates do', async () => {
  const { stage, engine, events } = watched()
  const marks = async (outcome: Promise<{ readonly action: string }>): Promise<boolean> => {
    assert.equal((await outcome).action, 'refused')
    return events.at(-1)?.unauthenticated === true
  }
  const enrolled = (...chain: readonly Uint8Array[]): Actor =>
    stage.enrol(BY_AUTHORITY, stage.app.key, chain)
  const strangers: Readonly<Record<string, BackChannelRequest>> = {
    'no client_id': enrolled(own.der).request({ client_id: '' }),
    'no certificate': enrolled().request({}),
    'another certificate': enrolled(foreign.der).request({}),
    'an unknown client': enrolled(own.der).request({ client_id: 'nobody' }),
    'a client of another method': enrolled(own.der).request({ client_id: 'app' }),
    'two methods': { ...enrolled(own.der).request({}), authorization: ['Basic x'] },
    'an assertion where a certificate is wanted': enrolled(own.der).request({
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: enrolled(own.der).assertion(),
    }),
  }
  for (const step of STEPS) {
    for (const [title, request] of Object.entries(strangers))
      assert.ok(await marks(engine[step](request)), `${title} at ${step}`)
    const known = enrolled(own.der).request({ ...ASKING, grant_type: 'password', request: 'x' })
    assert.equal(await marks(engine[step](known)), false, step)
    assert.equal(events.at(-1)?.clientId, 'vouched')
  }
})
