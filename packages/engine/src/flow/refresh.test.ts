import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateSigningKey } from '@signet/protocol'
import type { TokenResponse } from '../outcomes.ts'
import { APP, createStage, RESOURCE, type Actor, type Stage } from '../testing/index.ts'
import { ALICE, claimsOf, granted, refuses, tokenRequest } from '../tokens/testing/granted.ts'
import { token } from './token.ts'

const OTHER_API = 'https://other.example/api'

async function refreshed(
  stage: Stage,
  refreshToken: string | undefined,
  { actor = stage.app, ...more }: { actor?: Actor; scope?: string; resource?: string } = {},
): Promise<TokenResponse> {
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken ?? '', ...more }
  return (await token(tokenRequest(stage, actor, form), stage.ports)).response
}

test('OAU-06 a stolen refresh token is worth nothing to another client, and its theft harms nobody', async () => {
  const stage = createStage()
  const thief = stage.enrol({ ...APP, client_id: 'thief' })
  const { refresh_token } = await granted(stage)
  const theft = refreshed(stage, refresh_token, { actor: thief })
  const { evidence } = await refuses(theft, 'invalid_grant', 'OAU-06')
  assert.ok(!JSON.stringify(evidence).includes(refresh_token ?? ''))
  assert.ok((await refreshed(stage, refresh_token)).access_token)
})

test('SP-CR-06 who knows the id of a grant and not its secret gets nothing', async () => {
  const stage = createStage()
  const { access_token, refresh_token = '' } = await granted(stage)
  const id = String(claimsOf(access_token)['grant_id'])
  const last = refresh_token.endsWith('A') ? 'E' : 'A'
  for (const guess of [
    id,
    id + 'A'.repeat(43),
    `${refresh_token.slice(0, -1)}${last}`,
    refresh_token.slice(0, -1),
    `${refresh_token}A`,
    'x'.repeat(100_000),
    access_token,
  ]) {
    await refuses(refreshed(stage, guess), 'invalid_grant', 'SP-CR-06')
  }
  assert.ok((await refreshed(stage, refresh_token)).access_token)
})

test('OAU-05 a request without a refresh token is invalid', async () => {
  const stage = createStage()
  await granted(stage)
  await refuses(refreshed(stage, ''), 'invalid_request', 'OAU-05')
})

test('a grant without a refresh token cannot be refreshed by any', async () => {
  const stage = createStage()
  const { access_token } = await granted(stage, { scopes: ['openid'] })
  const id = String(claimsOf(access_token)['grant_id'])
  await refuses(refreshed(stage, id + 'A'.repeat(43)), 'invalid_grant', 'SP-CR-06')
})

test('OAU-06 scope may be narrowed and not widened', async () => {
  const stage = createStage()
  const { refresh_token } = await granted(stage)
  await refuses(
    refreshed(stage, refresh_token, { scope: 'accounts payments' }),
    'invalid_scope',
    'OAU-06',
  )
  const narrow = await refreshed(stage, refresh_token, { scope: 'accounts' })
  assert.equal(narrow.scope, 'accounts')
  assert.equal(claimsOf(narrow.access_token)['scope'], 'accounts')
  assert.equal(narrow.id_token, undefined)
  const whole = await refreshed(stage, refresh_token)
  assert.equal(whole.scope, 'openid accounts offline_access')
})

test('SP-AS-14 a scope the client has lost since is not in the next token', async () => {
  const stage = createStage()
  const { refresh_token } = await granted(stage)
  const lesser = stage.enrol({ ...APP, scope: 'openid offline_access' }, stage.app.key)
  assert.equal(
    (await refreshed(stage, refresh_token, { actor: lesser })).scope,
    'openid offline_access',
  )
})

test('RES-02 a refresh may name an authorized resource and no other', async () => {
  const stage = createStage()
  const { refresh_token } = await granted(stage, { resources: [RESOURCE] })
  await refuses(
    refreshed(stage, refresh_token, { resource: OTHER_API }),
    'invalid_target',
    'RES-02',
  )
  const { access_token } = await refreshed(stage, refresh_token, { resource: RESOURCE })
  assert.equal(claimsOf(access_token)['aud'], RESOURCE)
})

test('SP-AS-09 refresh tokens are not rotated: the same one works again, and no other is given', async () => {
  const stage = createStage()
  const { refresh_token } = await granted(stage)
  for (let time = 0; time < 3; time += 1) {
    stage.clock.advance(1_000)
    const next = await refreshed(stage, refresh_token)
    assert.equal(next.refresh_token, undefined)
    assert.equal(next.expires_in, 300)
  }
})

test('DPOP-AS-03 a client may refresh with a new key, and the new token belongs to the new key', async () => {
  const stage = createStage()
  const { refresh_token = '' } = await granted(stage)
  const key = generateSigningKey('ES256')
  const form = { grant_type: 'refresh_token', refresh_token }
  const request = stage.app.request(form, { url: stage.ports.service.endpoints.token, key })
  const { response } = await token(request, stage.ports)
  assert.deepEqual(claimsOf(response.access_token)['cnf'], { jkt: key.kid })
})

test('OIDC-17 an ID token from a refresh has the original login, a new time, and no nonce', async () => {
  const stage = createStage()
  const first = await granted(stage, {}, { nonce: 'n-0S6_WzA2Mj' })
  stage.clock.advance(10_000)
  const second = await refreshed(stage, first.refresh_token)
  const [before, after] = [claimsOf(first.id_token), claimsOf(second.id_token)]
  for (const claim of ['iss', 'sub', 'aud', 'auth_time', 'acr', 'amr', 'sid']) {
    assert.deepEqual(after[claim], before[claim], claim)
  }
  assert.equal(before['nonce'], 'n-0S6_WzA2Mj')
  assert.equal(after['nonce'], undefined)
  assert.equal(after['iat'], Number(before['iat']) + 10_000)
  assert.notEqual(after['at_hash'], before['at_hash'])
})

test('OIDC-13 an ID token from a refresh tells what was asked for, as it is known now', async () => {
  const stage = createStage()
  const { refresh_token } = await granted(stage, { claims: '{"id_token":{"email":null}}' })
  stage.addUser(ALICE, { email: 'new@example.com' })
  const { id_token } = await refreshed(stage, refresh_token)
  assert.equal(claimsOf(id_token)['email'], 'new@example.com')
})

test('SP-ID-01 a refresh without openid gives no ID token', async () => {
  const stage = createStage()
  const { refresh_token } = await granted(stage, { scopes: ['accounts'] })
  assert.equal((await refreshed(stage, refresh_token)).id_token, undefined)
})

test('BCP-16 a grant ends in time, however often it was refreshed', async () => {
  const stage = createStage()
  const { refresh_token } = await granted(stage)
  const { refreshToken } = stage.ports.service.lifetimes
  stage.clock.advance(refreshToken - 1)
  assert.ok((await refreshed(stage, refresh_token)).access_token)
  stage.clock.advance(1)
  await refuses(refreshed(stage, refresh_token), 'invalid_grant')
})

test('OIDC-15 a grant of a user who is gone gives nothing, and gives again when the user is back', async () => {
  const stage = createStage()
  const { refresh_token } = await granted(stage)
  stage.removeUser(ALICE)
  await refuses(refreshed(stage, refresh_token), 'invalid_grant', 'OIDC-15')
  stage.addUser(ALICE, {})
  assert.ok((await refreshed(stage, refresh_token)).access_token)
})

test('AM-A1a a refresh token of another service is nothing here', async () => {
  const stage = createStage()
  await granted(stage)
  const there = createStage({ issuer: 'https://other.example' })
  await granted(there)
  const { refresh_token } = await granted(there)
  await refuses(refreshed(stage, refresh_token), 'invalid_grant', 'SP-CR-06')
})
