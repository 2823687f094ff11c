import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clients } from '../ports.ts'
import { APP, createStage, ISSUER, RESOURCE, type Actor, type Stage } from '../testing/index.ts'
import { introspect } from './introspect.ts'
import { revoke } from './revoke.ts'
import { ALICE, claimsOf, granted, putCode, redemption, refuses } from './testing/granted.ts'
import { token } from '../flow/token.ts'

const INACTIVE = { active: false }

/** The API whose tokens these are, as the configuration names it. */
const apiOf = (stage: Stage, id = 'api'): Actor =>
  stage.enrol({ client_id: id, grant_types: ['client_credentials'], scope: '' })

async function asked(
  { ports }: Stage,
  actor: Actor,
  subject: string | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  const { body } = await introspect(actor.request({ token: subject ?? '' }), ports)
  assert.ok('json' in body)
  return body.json
}

test('INT-01 nobody is told anything without authenticating', async () => {
  const stage = createStage()
  const { access_token } = await granted(stage)
  const request = stage.app.request({ token: access_token, client_assertion: '' })
  await refuses(introspect(request, stage.ports), 'invalid_client', 'SP-AS-06')
  const bearer = { ...request, authorization: [`DPoP ${access_token}`] }
  await refuses(introspect(bearer, stage.ports), 'invalid_client')
})

test('INT-01 an assertion works once here too', async () => {
  const stage = createStage()
  const { access_token } = await granted(stage)
  const request = stage.app.request({ token: access_token })
  await introspect(request, stage.ports)
  await refuses(introspect(request, stage.ports), 'invalid_client', 'PKJ-06')
})

test('a request without a token is invalid', async () => {
  const stage = createStage()
  await refuses(introspect(stage.app.request({}), stage.ports), 'invalid_request', 'OAU-05')
})

test('INT-02 what is unknown, foreign, altered or of another kind is inactive, and nothing more', async () => {
  const stage = createStage()
  const api = apiOf(stage)
  const { access_token, id_token, refresh_token = '' } = await granted(stage)
  const there = createStage({ issuer: 'https://other.example' })
  await granted(there)
  const elsewhere = await granted(there)
  for (const subject of [
    'unknown',
    'x'.repeat(65),
    'no.jwt.at-all',
    `${access_token.slice(0, -4)}AAAA`,
    id_token,
    elsewhere.access_token,
    elsewhere.refresh_token,
    stage.app.assertion(),
  ]) {
    assert.deepEqual(await asked(stage, api, subject), INACTIVE)
    assert.deepEqual(await asked(stage, stage.app, subject), INACTIVE)
  }
  assert.deepEqual(await asked(stage, api, refresh_token), INACTIVE)
})

test('INT-02 a token of another client is inactive to who is not in its audience', async () => {
  const stage = createStage()
  const { access_token, refresh_token } = await granted(stage)
  const curious = stage.enrol({ ...APP, client_id: 'curious' })
  assert.deepEqual(await asked(stage, curious, access_token), INACTIVE)
  assert.deepEqual(await asked(stage, curious, refresh_token), INACTIVE)
  const api = apiOf(stage)
  const { access_token: forOther } = await granted(stage, {
    resources: ['https://other.example/api'],
  })
  assert.deepEqual(await asked(stage, api, forOther), INACTIVE)
})

test('INT-02 what has expired is inactive', async () => {
  const stage = createStage()
  const api = apiOf(stage)
  const { access_token, refresh_token } = await granted(stage)
  stage.clock.advance(300)
  assert.deepEqual(await asked(stage, api, access_token), INACTIVE)
  assert.equal((await asked(stage, stage.app, refresh_token))['active'], true)
  stage.clock.advance(stage.ports.service.lifetimes.refreshToken)
  assert.deepEqual(await asked(stage, stage.app, refresh_token), INACTIVE)
})

test('INT-02 what was revoked is inactive at once: the token alone, or all of the grant', async () => {
  const stage = createStage()
  const api = apiOf(stage)
  const { access_token, refresh_token = '' } = await granted(stage)
  assert.equal((await asked(stage, api, access_token))['active'], true)
  await revoke(stage.app.request({ token: refresh_token }), stage.ports)
  assert.deepEqual(await asked(stage, api, access_token), INACTIVE)
  assert.deepEqual(await asked(stage, stage.app, access_token), INACTIVE)
  assert.deepEqual(await asked(stage, stage.app, refresh_token), INACTIVE)
})

test('SP-AZ-09 the tokens of a code that was used twice are inactive', async () => {
  const stage = createStage()
  const api = apiOf(stage)
  const code = await putCode(stage)
  const { response } = await token(redemption(stage, stage.app, { code }), stage.ports)
  await refuses(token(redemption(stage, stage.app, { code }), stage.ports), 'invalid_grant')
  assert.deepEqual(await asked(stage, api, response.access_token), INACTIVE)
})

test('tokens of a user who is gone are inactive', async () => {
  const stage = createStage()
  const api = apiOf(stage)
  const { access_token, refresh_token } = await granted(stage)
  stage.removeUser(ALICE)
  assert.deepEqual(await asked(stage, api, access_token), INACTIVE)
  assert.deepEqual(await asked(stage, stage.app, refresh_token), INACTIVE)
})

test('tokens of a client that was disabled are inactive', async () => {
  const stage = createStage()
  const api = apiOf(stage)
  const { access_token } = await granted(stage)
  const { clients } = stage.ports
  const without: Clients = {
    ...clients,
    find: async (id) => (id === 'app' ? undefined : clients.find(id)),
  }
  const ports = { ...stage.ports, clients: without }
  const { body } = await introspect(api.request({ token: access_token }), ports)
  assert.deepEqual(body, { json: INACTIVE })
})

test('INT-03 a resource server is told of its scopes only', async () => {
  const stage = createStage()
  const scopes = ['openid', 'profile', 'accounts', 'offline_access']
  const { access_token } = await granted(stage, { scopes })
  assert.equal((await asked(stage, apiOf(stage), access_token))['scope'], 'accounts')
  assert.equal((await asked(stage, stage.app, access_token))['scope'], scopes.join(' '))
})

test('DPOP-AS-05 the answer holds the key of the token, JWT or opaque, and nobody is asked for a proof', async () => {
  for (const access_token_format of ['jwt', 'opaque']) {
    const base = createStage()
    const stage = { ...base, app: base.enrol({ ...APP, access_token_format }, base.app.key) }
    const now = stage.clock.now()
    const { access_token } = await granted(stage)
    const { jti, ...told } = await asked(stage, apiOf(stage), access_token)
    assert.equal(typeof jti, 'string')
    assert.deepEqual(told, {
      active: true,
      iss: ISSUER,
      sub: ALICE,
      aud: RESOURCE,
      client_id: 'app',
      iat: now,
      exp: now + 300,
      scope: 'accounts',
      token_type: 'DPoP',
      cnf: { jkt: stage.app.dpopKey.kid },
      auth_time: now - 30,
      acr: 'urn:signet:acr:password',
    })
  }
})

test('a token of a client for itself is told without a user', async () => {
  const stage = createStage()
  const form = { grant_type: 'client_credentials', scope: 'accounts' }
  const { url } = { url: stage.ports.service.endpoints.token }
  const { response } = await token(stage.app.request(form, { url }), stage.ports)
  const told = await asked(stage, apiOf(stage), response.access_token)
  assert.equal(told['active'], true)
  assert.equal(told['sub'], 'app')
  assert.equal(told['auth_time'], undefined)
})

test('a client is told of its own refresh token', async () => {
  const stage = createStage()
  const now = stage.clock.now()
  const { refresh_token, access_token } = await granted(stage)
  assert.deepEqual(await asked(stage, stage.app, refresh_token), {
    active: true,
    iss: ISSUER,
    sub: ALICE,
    client_id: 'app',
    iat: now,
    exp: now + 2_592_000,
    scope: 'openid accounts offline_access',
  })
  const id = String(claimsOf(access_token)['grant_id'])
  assert.deepEqual(await asked(stage, stage.app, id + 'A'.repeat(43)), INACTIVE)
})
