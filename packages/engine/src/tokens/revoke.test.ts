import assert from 'node:assert/strict'
import { test } from 'node:test'
import { token } from '../flow/token.ts'
import type { AuditEvent } from '../store/audit.ts'
import { APP, createStage, type Parameters, type Stage } from '../testing/index.ts'
import { introspect } from './introspect.ts'
import { revoke } from './revoke.ts'
import { ALICE, claimsOf, granted, refuses, tokenRequest } from './testing/granted.ts'

const REVOKED = { action: 'revoked' }

async function isActive(stage: Stage, subject: string | undefined): Promise<boolean> {
  const request = stage.app.request({ token: subject ?? '' })
  const { body } = await introspect(request, stage.ports)
  return 'json' in body && body.json['active'] === true
}

const revoking = (stage: Stage, parameters: Parameters): ReturnType<typeof revoke> =>
  revoke(stage.app.request(parameters), stage.ports)

test('REV-01 nobody revokes without authenticating', async () => {
  const stage = createStage()
  const { refresh_token = '' } = await granted(stage)
  const request = stage.app.request({ token: refresh_token, client_assertion: '' })
  await refuses(revoke(request, stage.ports), 'invalid_client', 'SP-AS-06')
  assert.ok(await isActive(stage, refresh_token))
})

test('REV-01 nobody revokes the tokens of another client', async () => {
  const stage = createStage()
  const other = stage.enrol({ ...APP, client_id: 'other' })
  const { refresh_token = '', access_token } = await granted(stage)
  for (const stolen of [refresh_token, access_token]) {
    const attempt = revoke(other.request({ token: stolen }), stage.ports)
    const { evidence } = await refuses(attempt, 'invalid_grant', 'REV-01')
    assert.ok(!JSON.stringify(evidence).includes(stolen))
    assert.ok(await isActive(stage, stolen))
  }
})

test('REV-01 who knows the id of a grant cannot end it without the secret', async () => {
  const stage = createStage()
  const { refresh_token, access_token } = await granted(stage)
  const id = String(claimsOf(access_token)['grant_id'])
  assert.deepEqual(await revoking(stage, { token: id + 'A'.repeat(43) }), REVOKED)
  assert.deepEqual(await revoking(stage, { token: id }), REVOKED)
  assert.ok(await isActive(stage, refresh_token))
})

test('REV-01 an assertion works once here too', async () => {
  const stage = createStage()
  const { access_token, refresh_token = '' } = await granted(stage)
  const request = stage.app.request({ token: access_token })
  await revoke(request, stage.ports)
  await refuses(revoke(request, stage.ports), 'invalid_client', 'PKJ-06')
  assert.ok(await isActive(stage, refresh_token))
})

test('a request without a token is invalid', async () => {
  const stage = createStage()
  await refuses(revoking(stage, {}), 'invalid_request', 'OAU-05')
})

test('REV-02 what is unknown, expired or revoked already is as good as revoked', async () => {
  const stage = createStage()
  const { access_token, refresh_token = '' } = await granted(stage)
  for (const unknown of ['unknown', 'x'.repeat(65), 'no.jwt.at-all']) {
    assert.deepEqual(await revoking(stage, { token: unknown }), REVOKED)
  }
  for (let time = 0; time < 2; time += 1) {
    assert.deepEqual(await revoking(stage, { token: refresh_token }), REVOKED)
  }
  stage.clock.advance(300)
  assert.deepEqual(await revoking(stage, { token: access_token }), REVOKED)
})

test('REV-03 a refresh token takes every access token of its grant with it, and those of no other', async () => {
  const stage = createStage()
  const { access_token: first, refresh_token = '' } = await granted(stage)
  const other = await granted(stage)
  const form = { grant_type: 'refresh_token', refresh_token }
  const { response } = await token(tokenRequest(stage, stage.app, form), stage.ports)
  assert.deepEqual(await revoking(stage, { token: refresh_token }), REVOKED)
  for (const ended of [first, response.access_token, refresh_token]) {
    assert.ok(!(await isActive(stage, ended)))
  }
  await refuses(token(tokenRequest(stage, stage.app, form), stage.ports), 'invalid_grant', 'REV-03')
  for (const standing of [other.access_token, other.refresh_token]) {
    assert.ok(await isActive(stage, standing))
  }
})

test('REV-03 an access token ends alone', async () => {
  const stage = createStage()
  const { access_token, refresh_token } = await granted(stage)
  assert.deepEqual(await revoking(stage, { token: access_token }), REVOKED)
  assert.ok(!(await isActive(stage, access_token)))
  assert.ok(await isActive(stage, refresh_token))
})

test('REV-03 a grant stays revoked until its last access token has expired', async () => {
  const stage = createStage()
  const { refresh_token = '' } = await granted(stage)
  const { refreshToken } = stage.ports.service.lifetimes
  stage.clock.advance(refreshToken - 1)
  const form = { grant_type: 'refresh_token', refresh_token }
  const { response } = await token(tokenRequest(stage, stage.app, form), stage.ports)
  await revoking(stage, { token: refresh_token })
  stage.clock.advance(298)
  // New rows give the store occasion to forget old ones.
  for (let time = 0; time < 5; time += 1)
    await stage.ports.store.revocations.add(`other ${time}`, 1)
  assert.ok(!(await isActive(stage, response.access_token)))
})

test('REV-04 a hint is only a hint, wrong or unheard of', async () => {
  for (const token_type_hint of ['access_token', 'refresh_token', 'pct', '']) {
    const stage = createStage()
    const { access_token, refresh_token = '' } = await granted(stage)
    for (const ended of [access_token, refresh_token]) {
      assert.deepEqual(await revoking(stage, { token: ended, token_type_hint }), REVOKED)
      assert.ok(!(await isActive(stage, ended)))
    }
  }
})

test('REV-04 an ID token cannot be revoked, and the answer says so', async () => {
  const stage = createStage()
  const { id_token = '' } = await granted(stage)
  await refuses(revoking(stage, { token: id_token }), 'unsupported_token_type', 'REV-04')
})

test('a revocation is in the audit, without the token', async () => {
  const stage = createStage()
  const events: AuditEvent[] = []
  const { audit } = stage.ports.store
  const record = async (event: AuditEvent): Promise<void> => void events.push(event)
  const store = { ...stage.ports.store, audit: { ...audit, record } }
  const { refresh_token = '' } = await granted(stage)
  await revoke(stage.app.request({ token: refresh_token }), { ...stage.ports, store })
  const [event] = events
  assert.equal(events.length, 1)
  assert.equal(event?.kind, 'revoked')
  assert.equal(event.clientId, 'app')
  assert.equal(event.subject, ALICE)
  assert.ok(!JSON.stringify(events).includes(refresh_token.slice(-43)))
})
