import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEngine } from '../create-engine.ts'
import { createStage, REDIRECT_URI, VERIFIER, type Parameters } from '../testing/index.ts'
import {
  claimsOf,
  granted,
  putCode,
  redemption,
  refuses,
  tokenRequest,
} from '../tokens/testing/granted.ts'
import { token } from './token.ts'

const PASSWORD: Parameters = { grant_type: 'password', username: 'alice', password: 'secret' }

test('SP-AS-02 refuses the password grant', async () => {
  const stage = createStage()
  const request = tokenRequest(stage, stage.app, PASSWORD)
  await refuses(token(request, stage.ports), 'unsupported_grant_type', 'SP-AS-02')
})

test('BCP-07 no user can be logged in by password, and no evidence repeats one', async () => {
  const stage = createStage()
  const request = tokenRequest(stage, stage.app, PASSWORD)
  const refused = await refuses(token(request, stage.ports), 'unsupported_grant_type')
  assert.ok(!JSON.stringify(refused.evidence).includes('secret'))
})

test('a client gets only the grants it is registered for', async () => {
  const stage = createStage()
  const batch = stage.enrol({
    client_id: 'batch',
    grant_types: ['client_credentials'],
    scope: 'accounts',
  })
  const request = tokenRequest(stage, batch, { grant_type: 'refresh_token', refresh_token: 'x' })
  await refuses(token(request, stage.ports), 'unauthorized_client', 'SP-AS-15')
})

test('SP-AS-04 no grant gives a token that is bound to nothing', async () => {
  const stage = createStage()
  const { refresh_token = '' } = await granted(stage)
  const code = await putCode(stage)
  const exchanging = { redirect_uri: REDIRECT_URI, code_verifier: VERIFIER, code }
  for (const form of [
    { grant_type: 'authorization_code', ...exchanging },
    { grant_type: 'refresh_token', refresh_token },
    { grant_type: 'client_credentials' },
  ]) {
    const bare = stage.app.request(form)
    await refuses(token(bare, stage.ports), 'invalid_dpop_proof', 'SP-AS-04')
  }
  const { response } = await token(redemption(stage, stage.app, { code }), stage.ports)
  assert.ok(response.access_token, 'a request that lacked its proof must not use up the code')
})

test('SP-AS-04a refuses to refresh without a proof, even for the right client and token', async () => {
  const stage = createStage()
  const { refresh_token = '' } = await granted(stage)
  const bare = stage.app.request({ grant_type: 'refresh_token', refresh_token })
  await refuses(token(bare, stage.ports), 'invalid_dpop_proof', 'SP-AS-04')
})

test('SP-AS-04 SP-AS-05 every token is bound by DPoP to the key of its proof, whatever the grant', async () => {
  const stage = createStage()
  const first = await granted(stage)
  const { response: second } = await token(
    tokenRequest(stage, stage.app, {
      grant_type: 'refresh_token',
      refresh_token: first.refresh_token ?? '',
    }),
    stage.ports,
  )
  const { response: own } = await token(
    tokenRequest(stage, stage.app, { grant_type: 'client_credentials' }),
    stage.ports,
  )
  for (const { access_token } of [first, second, own]) {
    assert.deepEqual(claimsOf(access_token)['cnf'], { jkt: stage.app.dpopKey.kid })
  }
})

test('DPOP-AS-01 refuses a proof for another endpoint, method or time', async () => {
  const stage = createStage()
  const { endpoints } = stage.ports.service
  const form = { grant_type: 'client_credentials' }
  for (const target of [
    { url: endpoints.pushedAuthorizationRequest },
    { url: endpoints.token, method: 'GET' },
    { url: 'https://other.example/token' },
  ]) {
    await refuses(token(stage.app.request(form, target), stage.ports), 'invalid_dpop_proof')
  }
  const old = tokenRequest(stage, stage.app, form)
  stage.clock.advance(61)
  const late = { ...tokenRequest(stage, stage.app, form), dpop: old.dpop }
  await refuses(token(late, stage.ports), 'invalid_dpop_proof', 'DPOP-PRF-12')
})

test('DPOP-AS-01 refuses a second proof beside the first', async () => {
  const stage = createStage()
  const request = tokenRequest(stage, stage.app, { grant_type: 'client_credentials' })
  const twice = { ...request, dpop: [...request.dpop, ...request.dpop] }
  await refuses(token(twice, stage.ports), 'invalid_dpop_proof', 'DPOP-PRF-01')
})

test('DPOP-PRF-15 refuses a proof that was used, and an assertion that was used', async () => {
  const stage = createStage()
  const form = { grant_type: 'client_credentials' }
  const first = tokenRequest(stage, stage.app, form)
  await token(first, stage.ports)
  const sameProof = { ...tokenRequest(stage, stage.app, form), dpop: first.dpop }
  await refuses(token(sameProof, stage.ports), 'invalid_dpop_proof', 'DPOP-PRF-15')
  const sameAssertion = { ...first, dpop: tokenRequest(stage, stage.app, form).dpop }
  await refuses(token(sameAssertion, stage.ports), 'invalid_client', 'PKJ-06')
})

test('DPOP-AS-02 token_type is DPoP, whatever the grant', async () => {
  const stage = createStage()
  const first = await granted(stage)
  assert.equal(first.token_type, 'DPoP')
  for (const form of [
    { grant_type: 'refresh_token', refresh_token: first.refresh_token ?? '' },
    { grant_type: 'client_credentials' },
  ]) {
    const { response } = await token(tokenRequest(stage, stage.app, form), stage.ports)
    assert.equal(response.token_type, 'DPoP')
  }
})

test('OAU-04 the answer says what the token is, when it ends and what it is for', async () => {
  const stage = createStage()
  const { access_token, refresh_token, id_token, ...said } = await granted(stage)
  assert.deepEqual(said, {
    token_type: 'DPoP',
    expires_in: 300,
    scope: 'openid accounts offline_access',
  })
  assert.ok(access_token && refresh_token && id_token)
})

test('OAU-05 a request without grant_type, or with an empty one, is invalid', async () => {
  const stage = createStage()
  for (const form of [{}, { grant_type: '' }]) {
    const request = tokenRequest(stage, stage.app, form)
    await refuses(token(request, stage.ports), 'invalid_request', 'OAU-05')
  }
})

test('SP-AS-06a nobody gets a token without authenticating, whatever the grant', async () => {
  const stage = createStage()
  const { refresh_token = '' } = await granted(stage)
  for (const form of [
    { grant_type: 'refresh_token', refresh_token },
    { grant_type: 'client_credentials' },
    { grant_type: 'authorization_code', code: await putCode(stage) },
  ]) {
    const request = tokenRequest(stage, stage.app, { ...form, client_assertion: '' })
    await refuses(token(request, stage.ports), 'invalid_client', 'SP-AS-06')
  }
})

test('SP-AS-10 asks for a nonce where nonces are required, and spends neither code nor assertion', async () => {
  const stage = createStage({ dpop: { nonce: 'required' } })
  const engine = createEngine(stage.ports)
  const code = await putCode(stage)
  const form = {
    grant_type: 'authorization_code',
    redirect_uri: REDIRECT_URI,
    code_verifier: VERIFIER,
    code,
  }
  const { url } = { url: stage.ports.service.endpoints.token }
  const without = stage.app.request(form, { url })
  const asked = await engine.token(without)
  assert.equal(asked.action, 'refused')
  assert.equal(asked.refusal.error, 'use_dpop_nonce')
  assert.ok(asked.dpopNonce)
  const again = { ...without, dpop: [stage.app.proof({ url, nonce: asked.dpopNonce })] }
  assert.equal((await engine.token(again)).action, 'issued')
})

test('AM-A1a a code of another service is nothing here', async () => {
  const here = createStage()
  const there = createStage({ issuer: 'https://other.example' })
  const code = await putCode(there, {}, { digest: 'of another store' })
  await refuses(
    token(redemption(here, here.app, { code }), here.ports),
    'invalid_grant',
    'SP-AS-11',
  )
})
