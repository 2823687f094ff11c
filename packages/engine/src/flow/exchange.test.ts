import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateSigningKey } from '@signet/protocol'
import { createEngine } from '../create-engine.ts'
import { APP, createStage, REDIRECT_URI, RESOURCE, VERIFIER } from '../testing/index.ts'
import {
  ALICE,
  asking,
  claimsOf,
  granted,
  KNOWN,
  putCode,
  redemption,
  refuses,
} from '../tokens/testing/granted.ts'
import { userinfo } from '../tokens/userinfo.ts'
import { token } from './token.ts'

const OTHER_API = 'https://other.example/api'
const OTHER: Readonly<Record<string, unknown>> = { ...APP, client_id: 'other' }

test('SP-AS-11 takes a code in its last second, and not in the next', async () => {
  const inTime = createStage()
  const early = await putCode(inTime)
  inTime.clock.advance(59)
  const { response } = await token(redemption(inTime, inTime.app, { code: early }), inTime.ports)
  assert.ok(response.access_token)

  const tooLate = createStage()
  const code = await putCode(tooLate)
  tooLate.clock.advance(60)
  const late = token(redemption(tooLate, tooLate.app, { code }), tooLate.ports)
  const { evidence } = await refuses(late, 'invalid_grant', 'SP-AS-11')
  assert.match(evidence.received, /0 s too late/)
})

test('SP-AS-11 an unknown code is refused, and its text is in no evidence', async () => {
  const stage = createStage()
  const code = 'a-code-nobody-made'
  const guess = token(redemption(stage, stage.app, { code }), stage.ports)
  const { evidence, refusal } = await refuses(guess, 'invalid_grant', 'SP-AS-11')
  assert.ok(!JSON.stringify({ evidence, refusal }).includes(code))
})

test('SP-AZ-09 a used code is refused, and what it gave ends at once', async () => {
  const stage = createStage()
  const code = await putCode(stage)
  const { response } = await token(redemption(stage, stage.app, { code }), stage.ports)
  assert.equal(
    (await userinfo(asking(stage, response.access_token), stage.ports)).action,
    'userinfo',
  )

  const again = token(redemption(stage, stage.app, { code }), stage.ports)
  const { evidence } = await refuses(again, 'invalid_grant', 'SP-AZ-09')
  assert.equal(evidence.reason, 'code_reused')
  await refuses(userinfo(asking(stage, response.access_token), stage.ports), 'invalid_token')
  const form = { grant_type: 'refresh_token', refresh_token: response.refresh_token ?? '' }
  const refreshing = stage.app.request(form, { url: stage.ports.service.endpoints.token })
  await refuses(token(refreshing, stage.ports), 'invalid_grant', 'REV-03')
})

test('SP-AZ-09 the reuse of a code is noticed after it has expired too', async () => {
  const stage = createStage()
  const code = await putCode(stage)
  const { response } = await token(redemption(stage, stage.app, { code }), stage.ports)
  stage.clock.advance(61)
  await refuses(
    token(redemption(stage, stage.app, { code }), stage.ports),
    'invalid_grant',
    'SP-AZ-09',
  )
  await refuses(userinfo(asking(stage, response.access_token), stage.ports), 'invalid_token')
})

test('SP-AZ-09 twenty racing redemptions give one token, and it is revoked', async () => {
  const stage = createStage()
  const engine = createEngine(stage.ports)
  const code = await putCode(stage)
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, () => engine.token(redemption(stage, stage.app, { code }))),
  )
  const issued = outcomes.filter((outcome) => outcome.action === 'issued')
  assert.equal(issued.length, 1)
  for (const outcome of outcomes) {
    if (outcome.action === 'refused') assert.equal(outcome.refusal.error, 'invalid_grant')
  }
  const accessToken = issued[0]?.response.access_token ?? ''
  await refuses(userinfo(asking(stage, accessToken), stage.ports), 'invalid_token', 'SP-RS-03')
})

test('OAU-03 a stolen code is worth nothing to another client, and its theft harms nobody', async () => {
  const stage = createStage()
  const thief = stage.enrol(OTHER)
  const code = await putCode(stage)
  const theft = token(redemption(stage, thief, { code }), stage.ports)
  const { evidence } = await refuses(theft, 'invalid_grant', 'OAU-03')
  assert.match(evidence.expected + evidence.received, /client app.*client other/s)

  const { response } = await token(redemption(stage, stage.app, { code }), stage.ports)
  await refuses(token(redemption(stage, thief, { code }), stage.ports), 'invalid_grant', 'OAU-03')
  assert.equal(
    (await userinfo(asking(stage, response.access_token), stage.ports)).action,
    'userinfo',
  )
})

test('OAU-03 a code is redeemed with its own redirect_uri only', async () => {
  const stage = createStage()
  const code = await putCode(stage)
  for (const redirect_uri of ['', `${REDIRECT_URI}?tenant=1`, `${REDIRECT_URI}#`]) {
    const request = redemption(stage, stage.app, { code, redirect_uri })
    await refuses(token(request, stage.ports), 'invalid_grant', 'OAU-11')
  }
})

test('PKCE-04 a missing or wrong code_verifier is invalid_grant', async () => {
  const stage = createStage()
  const code = await putCode(stage)
  for (const code_verifier of ['', VERIFIER.toLowerCase(), `${VERIFIER.slice(1)}a`]) {
    const request = redemption(stage, stage.app, { code, code_verifier })
    await refuses(token(request, stage.ports), 'invalid_grant', 'PKCE-04')
  }
  const plain = 'a'.repeat(43)
  const forPlain = await putCode(stage, {}, { codeChallenge: plain })
  const request = redemption(stage, stage.app, { code: forPlain, code_verifier: plain })
  await refuses(token(request, stage.ports), 'invalid_grant', 'PKCE-04')
})

test('PKCE-06 a verifier that can be none is invalid_grant', async () => {
  const stage = createStage()
  const request = redemption(stage, stage.app, { code: await putCode(stage), code_verifier: 'a' })
  await refuses(token(request, stage.ports), 'invalid_grant', 'PKCE-06')
})

test('BCP-04 no code is redeemed without PKCE: no verifier, or a wrong one, leaves it to its owner', async () => {
  const stage = createStage()
  const code = await putCode(stage)
  for (const code_verifier of ['', 'x'.repeat(64)]) {
    const guess = redemption(stage, stage.app, { code, code_verifier })
    await refuses(token(guess, stage.ports), 'invalid_grant')
  }
  const { response } = await token(redemption(stage, stage.app, { code }), stage.ports)
  assert.ok(response.access_token)
})

test('DPOP-JKT-01 a code that was bound to a key is redeemed with a proof by that key only', async () => {
  const stage = createStage()
  const { url } = { url: stage.ports.service.endpoints.token }
  const code = await putCode(stage, {}, { dpopJkt: stage.app.dpopKey.kid })
  const form = {
    grant_type: 'authorization_code',
    redirect_uri: REDIRECT_URI,
    code_verifier: VERIFIER,
    code,
  }
  const foreign = stage.app.request(form, { url, key: generateSigningKey('ES256') })
  await refuses(token(foreign, stage.ports), 'invalid_dpop_proof', 'DPOP-JKT-01')
  await refuses(token(stage.app.request(form), stage.ports), 'invalid_dpop_proof')
  const { response } = await token(stage.app.request(form, { url }), stage.ports)
  assert.deepEqual(claimsOf(response.access_token)['cnf'], { jkt: stage.app.dpopKey.kid })
})

test('RES-01 an unknown or malformed resource is invalid_target, and the code stays', async () => {
  const stage = createStage()
  const code = await putCode(stage)
  for (const resource of ['https://no.example', '/relative', `${RESOURCE}#x`]) {
    const request = redemption(stage, stage.app, { code, resource })
    await refuses(token(request, stage.ports), 'invalid_target', 'RES-01')
  }
  const { response } = await token(redemption(stage, stage.app, { code }), stage.ports)
  assert.equal(claimsOf(response.access_token)['aud'], RESOURCE)
})

test('RES-02 a resource the user has not authorized is invalid_target', async () => {
  const stage = createStage()
  const code = await putCode(stage, { resources: [RESOURCE] })
  const request = redemption(stage, stage.app, { code, resource: OTHER_API })
  await refuses(token(request, stage.ports), 'invalid_target', 'RES-02')
})

test('RES-03 a token is for the resource asked for, and no other', async () => {
  const stage = createStage()
  const resources = [RESOURCE, OTHER_API]
  const code = await putCode(stage, { resources })
  const request = redemption(stage, stage.app, { code, resource: OTHER_API })
  const { response } = await token(request, stage.ports)
  assert.equal(claimsOf(response.access_token)['aud'], OTHER_API)

  const all = await granted(stage, { resources })
  assert.deepEqual(claimsOf(all.access_token)['aud'], resources)
  const both = await putCode(stage, { resources })
  const naming = redemption(stage, stage.app, { code: both, resource: [OTHER_API, RESOURCE] })
  const named = await token(naming, stage.ports)
  assert.deepEqual(claimsOf(named.response.access_token)['aud'], [OTHER_API, RESOURCE])
})

test('SP-ID-01 without openid there is no ID token, and nothing else that names the user', async () => {
  const stage = createStage()
  const plain = await granted(stage, { scopes: ['accounts'] })
  assert.deepEqual(Object.keys(plain).toSorted(), [
    'access_token',
    'expires_in',
    'refresh_token',
    'scope',
    'token_type',
  ])
  const { id_token } = await granted(stage, { scopes: ['openid'] })
  assert.equal(claimsOf(id_token)['sub'], ALICE)
})

test('OIDC-16 a refresh token needs offline_access in OpenID Connect, and a client registered for it', async () => {
  const stage = createStage()
  assert.equal((await granted(stage, { scopes: ['openid', 'accounts'] })).refresh_token, undefined)
  assert.ok((await granted(stage, { scopes: ['openid', 'offline_access'] })).refresh_token)
  assert.ok((await granted(stage, { scopes: ['accounts'] })).refresh_token)

  const web = stage.enrol({ ...OTHER, grant_types: ['authorization_code'] })
  const code = await putCode(stage, { clientId: 'other' })
  const { response } = await token(redemption(stage, web, { code }), stage.ports)
  assert.equal(response.refresh_token, undefined)
})

test('OIDC-15 a code of a user who is gone by now gives nothing', async () => {
  const stage = createStage()
  const code = await putCode(stage)
  stage.removeUser(ALICE)
  await refuses(
    token(redemption(stage, stage.app, { code }), stage.ports),
    'invalid_grant',
    'OIDC-15',
  )
})

test('OIDC-15 sub is what the service calls the user, not what a claim says', async () => {
  const stage = createStage()
  assert.equal(KNOWN['sub'], 'somebody else')
  const { access_token, id_token } = await granted(stage, {
    scopes: ['openid'],
    claims: '{"id_token":{"sub":null,"name":null}}',
  })
  assert.equal(claimsOf(access_token)['sub'], ALICE)
  assert.equal(claimsOf(id_token)['sub'], ALICE)
  assert.equal(claimsOf(id_token)['name'], KNOWN['name'])
})
