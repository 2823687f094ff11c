import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAccessToken, decodeJwt, generateSigningKey, verifySignature } from '@signet/protocol'
import { createEngine } from '../create-engine.ts'
import { token } from '../flow/token.ts'
import type { ResourceRequest, UserinfoGiven } from '../outcomes.ts'
import { APP, createStage, ISSUER, type Stage } from '../testing/index.ts'
import { signingKeyOf } from '../testing/service-keys.ts'
import type { IssuedClaims } from './issue.ts'
import { RefusedAtResource, type Challenge } from './refused-at-resource.ts'
import { revoke } from './revoke.ts'
import { ALICE, asking, claimsOf, granted, KNOWN, refuses } from './testing/granted.ts'
import { userinfo } from './userinfo.ts'

/** The challenge of a refusal, whatever it is for. */
async function challengeTo(request: ResourceRequest, { ports }: Stage): Promise<Challenge> {
  const refused: unknown = await userinfo(request, ports).catch((error: unknown) => error)
  assert.ok(refused instanceof RefusedAtResource, String(refused))
  return refused.challenge
}

function json({ body }: UserinfoGiven): Readonly<Record<string, unknown>> {
  assert.ok('json' in body)
  return body.json
}

test('OAU-09 who comes without a token is challenged and told no more', async () => {
  const stage = createStage()
  const { access_token } = await granted(stage)
  for (const authorization of [[], [''], ['Basic YTpi']]) {
    const request = asking(stage, access_token, { authorization })
    assert.deepEqual(await challengeTo(request, stage), { schemes: ['DPoP'] })
  }
})

test('SP-RS-02 a token in a query or a form gives nothing', async () => {
  const stage = createStage()
  const { access_token } = await granted(stage)
  const change = { authorization: [], parameterNames: ['access_token'] }
  const request = asking(stage, access_token, change)
  await refuses(userinfo(request, stage.ports), 'invalid_request', 'SP-RS-02')
  const both = asking(stage, access_token, { parameterNames: ['access_token'] })
  await refuses(userinfo(both, stage.ports), 'invalid_request', 'OAU-10')
})

test('OAU-10 several Authorization headers are refused, and several DPoP headers', async () => {
  const stage = createStage()
  const { access_token } = await granted(stage)
  const request = asking(stage, access_token)
  const [header = ''] = request.authorization
  for (const authorization of [
    [header, header],
    [header, 'Bearer x'],
  ]) {
    const twice = { ...request, authorization }
    await refuses(userinfo(twice, stage.ports), 'invalid_request', 'OAU-10')
  }
  const twoProofs = { ...request, dpop: [...request.dpop, ...request.dpop] }
  await refuses(userinfo(twoProofs, stage.ports), 'invalid_dpop_proof', 'DPOP-PRF-01')
})

test('DPOP-RS-02 a bound token sent as Bearer is refused, with a good proof and without', async () => {
  const stage = createStage()
  const { access_token } = await granted(stage)
  const bearer = asking(stage, access_token, { authorization: [`Bearer ${access_token}`] })
  await refuses(userinfo(bearer, stage.ports), 'invalid_token', 'DPOP-RS-02')
  await refuses(userinfo({ ...bearer, dpop: [] }, stage.ports), 'invalid_token', 'DPOP-RS-02')
  assert.deepEqual(await challengeTo(bearer, stage), { schemes: ['DPoP'], error: 'invalid_token' })
})

test('DPOP-RS-01 a token without a proof is refused', async () => {
  const stage = createStage()
  const { access_token } = await granted(stage)
  const request = asking(stage, access_token, { dpop: [] })
  await refuses(userinfo(request, stage.ports), 'invalid_dpop_proof', 'DPOP-RS-01')
  assert.deepEqual(await challengeTo(request, stage), {
    schemes: ['DPoP'],
    error: 'invalid_dpop_proof',
  })
})

test('DPOP-PRF-14 a stolen token is worth nothing without its key', async () => {
  const stage = createStage()
  const { access_token: accessToken } = await granted(stage)
  const url = stage.ports.service.endpoints.userinfo
  const key = generateSigningKey('ES256')
  const dpop = [stage.app.proof({ url, method: 'GET', accessToken, key })]
  const request = asking(stage, accessToken, { dpop })
  await refuses(userinfo(request, stage.ports), 'invalid_token', 'DPOP-PRF-14')
})

test('DPOP-PRF-13 a proof is for one token', async () => {
  const stage = createStage()
  const { access_token } = await granted(stage)
  const { access_token: other } = await granted(stage)
  const { dpop } = asking(stage, other)
  const swapped = asking(stage, access_token, { dpop })
  await refuses(userinfo(swapped, stage.ports), 'invalid_dpop_proof', 'DPOP-PRF-13')
  const url = stage.ports.service.endpoints.userinfo
  const without = asking(stage, access_token, { dpop: [stage.app.proof({ url, method: 'GET' })] })
  await refuses(userinfo(without, stage.ports), 'invalid_dpop_proof', 'DPOP-PRF-13')
})

test('SP-SEC-02 a proof from a log works no second time, nor with another method', async () => {
  const stage = createStage()
  const { access_token } = await granted(stage)
  const request = asking(stage, access_token)
  await refuses(userinfo({ ...request, method: 'POST' }, stage.ports), 'invalid_dpop_proof')
  await userinfo(request, stage.ports)
  await refuses(userinfo(request, stage.ports), 'invalid_dpop_proof', 'DPOP-PRF-15')
})

test('JWT-09 no other JWT of ours works as access token, nor one of another issuer or key', async () => {
  const stage = createStage()
  const { access_token, id_token = '' } = await granted(stage)
  const claims = claimsOf(access_token)
  const ours = signingKeyOf('ES256', stage.ports.keys)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a token of ours, altered by whoever may sign
  const forged = { ...claims, iss: 'https://evil.example' } as unknown as IssuedClaims
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same claims under another key
  const copied = { ...claims } as unknown as IssuedClaims
  const unbound = { ...copied, cnf: undefined }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- bound in a way that we never bind
  const boundByName = { ...claims, cnf: { kid: 'a key' } } as unknown as IssuedClaims
  const certificate = { 'x5t#S256': 'a certificate' }
  const boundToCertificate = { ...copied, cnf: certificate }
  const boundTwice = { ...copied, cnf: { ...copied.cnf, ...certificate } }
  for (const [stolen, id] of [
    [id_token, 'JAT-01'],
    [stage.app.assertion(), 'JAT-01'],
    [createAccessToken(forged, ours), 'JWT-07'],
    [createAccessToken(copied, generateSigningKey('ES256')), 'JAT-05'],
    [createAccessToken(unbound, ours), 'SP-RS-03'],
    [createAccessToken(boundByName, ours), 'SP-RS-03'],
    [createAccessToken(boundTwice, ours), 'SP-RS-03'],
    [createAccessToken(boundToCertificate, ours), 'SP-RS-01'],
    [`${access_token.slice(0, -4)}AAAA`, undefined],
    ['no.jwt.at-all', 'JAT-05'],
    ['an-opaque-token-nobody-made', 'SP-RS-03'],
  ] as const) {
    await refuses(userinfo(asking(stage, stolen), stage.ports), 'invalid_token', id)
  }
})

test('SP-RS-03 a token ends in time, also one that was used before', async () => {
  const stage = createStage()
  const { access_token } = await granted(stage)
  stage.clock.advance(299)
  await userinfo(asking(stage, access_token), stage.ports)
  stage.clock.advance(1)
  await refuses(userinfo(asking(stage, access_token), stage.ports), 'invalid_token', 'SP-RS-03')
})

test('SP-RS-03 a revoked token ends at once, also one that was used before', async () => {
  for (const access_token_format of ['jwt', 'opaque']) {
    const base = createStage()
    const stage = { ...base, app: base.enrol({ ...APP, access_token_format }, base.app.key) }
    const { access_token } = await granted(stage)
    await userinfo(asking(stage, access_token), stage.ports)
    await revoke(stage.app.request({ token: access_token }), stage.ports)
    await refuses(userinfo(asking(stage, access_token), stage.ports), 'invalid_token', 'SP-RS-03')
  }
})

test('SP-RS-04 scope openid is needed, and the challenge says so', async () => {
  const stage = createStage()
  const { access_token } = await granted(stage, { scopes: ['accounts', 'profile'] })
  await refuses(userinfo(asking(stage, access_token), stage.ports), 'insufficient_scope')
  assert.deepEqual(await challengeTo(asking(stage, access_token), stage), {
    schemes: ['DPoP'],
    error: 'insufficient_scope',
    scope: 'openid',
  })
})

test('a client has no userinfo of its own', async () => {
  const stage = createStage()
  const { endpoints } = stage.ports.service
  const form = { grant_type: 'client_credentials' }
  const { response } = await token(stage.app.request(form, { url: endpoints.token }), stage.ports)
  const request = asking(stage, response.access_token)
  await refuses(userinfo(request, stage.ports), 'insufficient_scope', 'SP-RS-04')
})

test('nothing is told of a user who is gone, or to a client that is gone', async () => {
  const stage = createStage()
  const { access_token } = await granted(stage)
  const clients = { ...stage.ports.clients, find: async () => undefined }
  const without = userinfo(asking(stage, access_token), { ...stage.ports, clients })
  await refuses(without, 'invalid_token', 'SP-AS-03')
  stage.removeUser(ALICE)
  await refuses(userinfo(asking(stage, access_token), stage.ports), 'invalid_token', 'OIDC-15')
})

test('OIDC-11 userinfo answers GET and POST, JWT and opaque token, with the sub of the ID token', async () => {
  for (const access_token_format of ['jwt', 'opaque']) {
    const base = createStage()
    const stage = { ...base, app: base.enrol({ ...APP, access_token_format }, base.app.key) }
    const { access_token, id_token } = await granted(stage, { scopes: ['openid', 'email'] })
    for (const method of ['GET', 'POST']) {
      const given = await userinfo(asking(stage, access_token, { method }), stage.ports)
      assert.deepEqual(json(given), {
        sub: claimsOf(id_token)['sub'],
        email: 'alice@example.com',
        email_verified: true,
      })
    }
  }
})

test('OIDC-13 userinfo tells what the claims parameter asks for there', async () => {
  const stage = createStage()
  const claims =
    '{"userinfo":{"name":null,"shoe_size":{"essential":true}},"id_token":{"email":null}}'
  const { access_token } = await granted(stage, { scopes: ['openid'], claims })
  const given = await userinfo(asking(stage, access_token), stage.ports)
  assert.deepEqual(json(given), { sub: ALICE, name: KNOWN['name'] })
})

test('OIDC-11 userinfo is a signed JWT for a client that registered so', async () => {
  const base = createStage()
  const metadata = { ...APP, userinfo_signed_response_alg: 'EdDSA' }
  const stage = { ...base, app: base.enrol(metadata, base.app.key) }
  const { access_token } = await granted(stage, { scopes: ['openid'] })
  const { body } = await userinfo(asking(stage, access_token), stage.ports)
  assert.ok('jwt' in body)
  const jwt = decodeJwt(body.jwt)
  assert.equal(jwt.header.alg, 'EdDSA')
  assert.ok(stage.ports.keys.published.some((key) => verifySignature(jwt, key)))
  assert.deepEqual(jwt.claims, { sub: ALICE, iss: ISSUER, aud: 'app' })
})

test('DPOP-RS-04 a nonce is asked for where nonces are required, and given with every answer', async () => {
  const stage = createStage({ dpop: { nonce: 'required' } })
  const engine = createEngine(stage.ports)
  const nonce = stage.ports.keys.nonces.current()
  const grant = await granted(createStage())
  const asked = await engine.userinfo(asking(stage, grant.access_token))
  assert.equal(asked.action, 'refused')
  assert.deepEqual(asked.challenge, { schemes: ['DPoP'], error: 'use_dpop_nonce' })
  assert.equal(asked.dpopNonce, nonce)
})
