import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TokenResponse } from '../outcomes.ts'
import { createStage, RESOURCE, type Parameters, type Stage } from '../testing/index.ts'
import { claimsOf, granted, refuses, tokenRequest } from '../tokens/testing/granted.ts'
import { token } from './token.ts'

async function own(stage: Stage, parameters: Parameters = {}): Promise<TokenResponse> {
  const form = { grant_type: 'client_credentials', ...parameters }
  return (await token(tokenRequest(stage, stage.app, form), stage.ports)).response
}

test('refuses scopes of users, of others and of nobody', async () => {
  const stage = createStage()
  for (const scope of ['openid', 'accounts openid', 'offline_access', 'admin', 'phone']) {
    await refuses(own(stage, { scope }), 'invalid_scope')
  }
})

test('OAU-07 there is no refresh token, and no ID token', async () => {
  const response = await own(createStage(), { scope: 'accounts' })
  assert.deepEqual(Object.keys(response).toSorted(), [
    'access_token',
    'expires_in',
    'scope',
    'token_type',
  ])
})

test('SP-SEC-07 the token of a client for itself cannot be taken for one of a user', async () => {
  const stage = createStage()
  const client = claimsOf((await own(stage, { scope: 'accounts' })).access_token)
  const user = claimsOf((await granted(stage)).access_token)
  assert.equal(client['sub'], client['client_id'])
  assert.notEqual(user['sub'], user['client_id'])
  for (const claim of ['auth_time', 'acr', 'amr', 'grant_id']) {
    assert.equal(client[claim], undefined, claim)
    assert.notEqual(user[claim], undefined, claim)
  }
})

test('SP-AS-14 who asks for no scope gets none', async () => {
  const response = await own(createStage())
  assert.equal(response.scope, undefined)
  assert.equal(claimsOf(response.access_token)['scope'], undefined)
})

test('RES-01 a client may name a resource that is known, and no other', async () => {
  const stage = createStage()
  const resource = 'https://other.example/api'
  assert.equal(claimsOf((await own(stage, { resource })).access_token)['aud'], resource)
  assert.equal(claimsOf((await own(stage)).access_token)['aud'], RESOURCE)
  await refuses(own(stage, { resource: 'https://no.example' }), 'invalid_target', 'RES-01')
})
