import { generateSigningKey, type ErrorCode } from '@signet/protocol'
import { assemble, createRequestObject, forgeries } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { BackChannelRequest } from '../outcomes.ts'
import {
  APP,
  ASKING,
  createStage,
  ISSUER,
  REDIRECT_URI,
  RESOURCE,
  VERIFIER,
  type Parameters,
  type Stage,
} from '../testing/index.ts'
import { certificateFor, MUTUAL_TLS } from '../testing/mutual-tls.ts'
import { push } from './push.ts'
import { codeFrom } from './testing/arriving.ts'
import {
  asked,
  EVERYTHING,
  kept,
  OTHERWISE,
  PAR,
  refusedBy,
  refuses,
  signed,
} from './testing/pushing.ts'
import { token } from './token.ts'

describe('a signed request object', () => {
  test('MS-JAR-01 MS-JAR-05 says all that a form can say, in JSON', async () => {
    const stage = createStage()
    const { response_type: _type, code_challenge_method: _method, ...parameters } = EVERYTHING
    assert.deepEqual(await asked(signed(stage, EVERYTHING), stage), {
      ...parameters,
      max_age: '3600',
      claims: JSON.stringify(EVERYTHING['claims']),
    })
  })

  test('MS-JAR-01 is what the browser arrives for', async () => {
    const stage = createStage()
    const { requestUri } = await push(signed(stage, { ...ASKING, scope: 'accounts' }), stage.ports)
    assert.ok(await codeFrom(stage, stage.app, requestUri))
  })

  test('JAR-04 PAR-09 is all that counts: whatever stands beside it is ignored', async () => {
    const stage = createStage()
    const alone = await asked(signed(stage, EVERYTHING), stage)
    assert.deepEqual(await asked(signed(stage, EVERYTHING, OTHERWISE), stage), alone)
    const invalid = {
      redirect_uri: 'https://evil.example',
      response_type: 'token',
      response_mode: 'fragment',
      scope: 'admin',
      code_challenge_method: 'plain',
      code_challenge: 'short',
      dpop_jkt: 'x',
      prompt: 'none login',
      max_age: '-1',
      claims: '{',
      resource: 'https://evil.example',
      nonce: 'n'.repeat(10_000),
      id_token_hint: 'x',
    }
    assert.deepEqual(await asked(signed(stage, EVERYTHING, invalid), stage), alone)
  })

  test('JAR-04 is completed by nothing that stands beside it', async () => {
    const stage = createStage()
    const few = await asked(signed(stage, ASKING, OTHERWISE), stage)
    assert.deepEqual(Object.keys(few).toSorted(), ['code_challenge', 'redirect_uri'])
    for (const [name, id] of [
      ['response_type', 'SP-AZ-01'],
      ['redirect_uri', 'SP-AZ-06'],
      ['code_challenge', 'SP-AZ-05'],
      ['code_challenge_method', 'SP-AZ-05'],
    ] as const) {
      const { evidence } = await refusedBy(
        signed(stage, { ...ASKING, [name]: undefined }, ASKING),
        stage,
      )
      assert.equal(evidence.id, id)
    }
  })

  test('MS-JAR-02 MS-JAR-03 MS-JAR-04 MS-JAR-06 JAR-03 is refused for what is wrong with it, and nothing is kept', async () => {
    const stage = createStage()
    const now = stage.clock.now()
    const { store } = stage.ports
    const pushedRequests = { ...store.pushedRequests, put: () => assert.fail('kept') }
    const ports = { ...stage.ports, store: { ...store, pushedRequests } }
    const wrong: Readonly<Record<string, object>> = {
      'MS-JAR-02': { aud: 'https://other.example' },
      'MS-JAR-03': { nbf: now - 3_601 },
      'MS-JAR-04': { exp: now - 10 },
      'PAR-09': { client_id: 'web' },
      'JWT-07': { iss: 'web' },
      'JAR-08': { sub: 'app' },
      'JWT-06': { state: 7 },
      'SP-AS-13a': { nbf: now + 61, exp: now + 100 },
    }
    for (const [id, change] of Object.entries(wrong)) {
      const request = signed(stage, { ...ASKING, ...change })
      await refuses(request, { ...stage, ports }, [id, 'invalid_request_object'])
    }
  })

  test('JAR-01 JAR-10 neither holds nor names another', async () => {
    const stage = createStage()
    for (const inner of [
      { request: stage.app.requestObject(ASKING) },
      { request_uri: 'https://app.example/request.jwt' },
      { request_uri: 'urn:ietf:params:oauth:request_uri:x' },
      { request_uri: '' },
      { request: null },
    ]) {
      const request = signed(stage, { ...ASKING, ...inner })
      await refuses(request, stage, ['JAR-01', 'invalid_request_object'])
    }
  })

  test('PAR-02 JAR-10 comes without request_uri beside it, and nothing is fetched from one', async () => {
    const stage = createStage()
    for (const request_uri of ['https://app.example/request.jwt', 'urn:x', PAR]) {
      const beside = signed(stage, ASKING, { request_uri })
      await refuses(beside, stage, ['PAR-02', 'invalid_request'])
      const alone = stage.app.request({ ...ASKING, request_uri })
      await refuses(alone, stage, ['PAR-02', 'invalid_request'])
    }
  })

  test('OAU-01 comes once, and an empty one counts as none', async () => {
    const stage = createStage()
    const one = stage.app.requestObject(ASKING)
    for (const request of [
      [one, one],
      [one, ''],
      [one, stage.app.requestObject(EVERYTHING)],
    ]) {
      await refuses(stage.app.request({ request }), stage, ['OAU-01', 'invalid_request'])
    }
    const empty = await asked(stage.app.request({ ...ASKING, state: 's', request: '' }), stage)
    assert.equal(empty.state, 's')
  })

  test('JAR-02 PKJ-08 comes with the client_id of its client, or none beside an assertion', async () => {
    const stage = createStage()
    stage.enrol({ ...APP, client_id: 'web' })
    assert.ok(await asked(signed(stage, ASKING, { client_id: 'app' }), stage))
    const foreign = signed(stage, ASKING, { client_id: 'web' })
    await refuses(foreign, stage, ['PKJ-08', 'invalid_client'])
    for (const client_id of ['web', undefined, '', ['app'], 7]) {
      const request = signed(stage, { ...ASKING, client_id }, { client_id: 'app' })
      await refuses(request, stage, ['PAR-09', 'invalid_request_object'])
    }
  })

  test('MS-JAR-06 is refused with the signature of another client, named as its key or not', async () => {
    const stage = createStage()
    const web = stage.enrol({ ...APP, client_id: 'web' })
    const now = stage.clock.now()
    const signer = { clientId: 'app', issuer: ISSUER, now }
    const theirs = createRequestObject({ ...signer, key: web.key }, ASKING)
    const posing = createRequestObject({ ...signer, key: { ...web.key, kid: 'x' } }, ASKING)
    const whole = web.requestObject(ASKING)
    for (const [request, id] of [
      [theirs, 'MS-JAR-06'],
      [posing, 'MS-JAR-06'],
      [whole, 'PAR-09'],
    ] as const) {
      await refuses(stage.app.request({ request }), stage, [id, 'invalid_request_object'])
    }
  })

  test('JAR-03 is signed with the algorithm the client registered', async () => {
    const stage = createStage()
    const registered = { ...APP, request_object_signing_alg: 'PS256' }
    const picky = { ...stage, app: stage.enrol(registered, stage.app.key) }
    await refuses(signed(picky, ASKING), picky, ['JAR-03', 'invalid_request_object'])
  })

  test('JAR-03 JWT-10 is refused in every forged form', async (t) => {
    const stage = createStage()
    const now = stage.clock.now()
    const claims = { aud: ISSUER, client_id: 'app', nbf: now, exp: now + 60, ...ASKING }
    const forged = forgeries({ typ: 'oauth-authz-req+jwt' }, claims, stage.app.key)
    for (const [title, request] of Object.entries(forged)) {
      if (request === '') continue
      await t.test(`refuses ${title}`, async () => {
        const { refusal } = await refusedBy(stage.app.request({ request }), stage)
        assert.equal(refusal.error, 'invalid_request_object')
        assert.match(refusal.description, /^[\x20\x21\x23-\x5B\x5D-\x7E]+$/)
      })
    }
  })
})

describe('what a signed request object asks for', () => {
  test('JAR-05 is refused with invalid_request_object for its form, and like a form for what it is', async () => {
    const stage = createStage()
    const cases: readonly (readonly [object, string, ErrorCode])[] = [
      [{ aud: 'x' }, 'MS-JAR-02', 'invalid_request_object'],
      [{ response_type: 'token' }, 'SP-AZ-01', 'unsupported_response_type'],
      [{ redirect_uri: 'https://evil.example' }, 'OAU-11', 'invalid_request'],
      [{ scope: 'admin' }, 'SP-AS-14', 'invalid_scope'],
      [{ resource: 'https://evil.example' }, 'RES-01', 'invalid_target'],
      [{ response_mode: 'fragment' }, 'MS-JAR-10', 'invalid_request'],
      [{ max_age: -1 }, 'OIDC-10', 'invalid_request'],
      [{ max_age: 1.5 }, 'OIDC-10', 'invalid_request'],
      [{ max_age: 1e21 }, 'OIDC-10', 'invalid_request'],
      [{ claims: [] }, 'OIDC-13', 'invalid_request'],
      [{ claims: null }, 'OIDC-13', 'invalid_request'],
      [{ claims: { userinfo: 7 } }, 'OIDC-13', 'invalid_request'],
      [{ state: 's'.repeat(8_193) }, 'SP-AZ-16', 'invalid_request'],
      [{ id_token_hint: stage.app.assertion() }, 'OIDC-10', 'invalid_request'],
    ]
    for (const [change, id, error] of cases) {
      const { refusal, evidence } = await refusedBy(signed(stage, { ...ASKING, ...change }), stage)
      assert.equal(refusal.error, error, JSON.stringify(change))
      if (!('id_token_hint' in change)) assert.equal(evidence.id, id)
    }
  })

  test('OIDC-13 asks for no claims of a scope the client is not registered for', async () => {
    const stage = createStage()
    const claims = { id_token: { phone_number: null, email: null } }
    const { claims: found = '' } = await asked(signed(stage, { ...ASKING, claims }), stage)
    assert.deepEqual(JSON.parse(found), { userinfo: {}, id_token: { email: null } })
  })

  test('RES-01 names one resource or several', async () => {
    const stage = createStage()
    const other = 'https://other.example/api'
    for (const [resource, found] of [
      [RESOURCE, [RESOURCE]],
      [
        [RESOURCE, other, RESOURCE],
        [RESOURCE, other],
      ],
      [[], undefined],
    ] as const) {
      const parameters = await asked(signed(stage, { ...ASKING, resource }), stage)
      assert.deepEqual(parameters.resource, found)
    }
  })
})

describe('a request without signature', () => {
  const unsigned = (stage: Stage): BackChannelRequest =>
    stage.app.request({ ...ASKING, client_id: 'app' })

  test('MS-JAR-01 JAR-06 is refused of a client that has to sign, and of no other', async () => {
    const stage = createStage()
    assert.ok(await asked(unsigned(stage), stage))
    for (const change of [
      { require_signed_request_object: true },
      { profile: 'fapi2-message-signing' },
    ]) {
      const app = stage.enrol({ ...APP, ...change }, stage.app.key)
      await refuses(unsigned({ ...stage, app }), stage, ['MS-JAR-01', 'invalid_request'])
      const empty = app.request({ ...ASKING, request: '' })
      await refuses(empty, stage, ['MS-JAR-01', 'invalid_request'])
      assert.ok(await asked(signed({ ...stage, app }, { ...ASKING, response_mode: 'jwt' }), stage))
    }
  })

  test('MS-JAR-01 JAR-06 is refused of everybody at a service that wants signed requests', async () => {
    const stage = createStage({ requireSignedRequests: true })
    const lax = stage.enrol({ ...APP, client_id: 'lax', profile: 'fapi2-security' })
    for (const app of [stage.app, lax]) {
      const request = app.request(ASKING)
      await refuses(request, stage, ['MS-JAR-01', 'invalid_request'])
    }
    assert.ok(await asked(signed(stage, ASKING), stage))
  })

  test('MS-JAR-01 is not made good by alg none, nor by an object beside an unsigned form', async () => {
    const stage = createStage({ requireSignedRequests: true })
    const now = stage.clock.now()
    const claims = { aud: ISSUER, client_id: 'app', nbf: now, exp: now + 60, ...ASKING }
    for (const alg of ['none', 'None', 'NONE']) {
      const request = assemble({ alg, typ: 'oauth-authz-req+jwt' }, claims, '')
      const { refusal } = await refusedBy(stage.app.request({ ...ASKING, request }), stage)
      assert.equal(refusal.error, 'invalid_request_object')
    }
  })

  test('MS-JARM-01 of a client of the signing profile is refused for an unsigned response mode too', async () => {
    const stage = createStage()
    const app = stage.enrol({ ...APP, profile: 'fapi2-message-signing' }, stage.app.key)
    for (const response_mode of [undefined, 'query', 'form_post', 'fragment']) {
      const request = signed({ ...stage, app }, { ...ASKING, response_mode })
      await refuses(request, stage, ['MS-JAR-10', 'invalid_request'])
    }
    for (const response_mode of ['jwt', 'query.jwt', 'form_post.jwt']) {
      assert.ok(await asked(signed({ ...stage, app }, { ...ASKING, response_mode }), stage))
    }
  })
})

describe('DPoP with a request object', () => {
  const redeeming = (code: string): Parameters => ({
    grant_type: 'authorization_code',
    redirect_uri: REDIRECT_URI,
    code_verifier: VERIFIER,
    code,
  })

  test('DPOP-JKT-04 dpop_jkt inside binds the code, to the token request', async () => {
    const stage = createStage()
    const { app, ports } = stage
    const { kid: dpop_jkt } = app.dpopKey
    const pushed = await push(signed(stage, { ...ASKING, dpop_jkt }), ports)
    assert.equal((await kept(pushed, stage)).parameters.dpop_jkt, dpop_jkt)
    const form = redeeming(await codeFrom(stage, app, pushed.requestUri))
    const { url } = { url: app.endpoints.token }
    const stolen = app.request(form, { url, key: generateSigningKey('ES256') })
    const refused: unknown = await token(stolen, ports).catch((error: unknown) => error)
    assert.match(String(refused), /bound to another DPoP key/)
    assert.equal((await token(app.request(form, { url }), ports)).action, 'issued')
  })

  test('DPOP-JKT-04 the header counts as well, and both must be of one key', async () => {
    const stage = createStage()
    const { app } = stage
    const { kid } = app.dpopKey
    const other = generateSigningKey('ES256').kid
    const dpop = (): readonly string[] => [app.proof({ url: PAR })]
    const byHeader = await asked({ ...signed(stage, ASKING), dpop: dpop() }, stage)
    assert.equal(byHeader.dpop_jkt, kid)
    const both = { ...signed(stage, { ...ASKING, dpop_jkt: kid }), dpop: dpop() }
    assert.equal((await asked(both, stage)).dpop_jkt, kid)
    const differing = { ...signed(stage, { ...ASKING, dpop_jkt: other }), dpop: dpop() }
    await refuses(differing, stage, ['DPOP-JKT-03', 'invalid_request'])
  })

  test('DPOP-JKT-04 dpop_jkt outside binds nothing, and breaks nothing', async () => {
    const stage = createStage()
    const other = generateSigningKey('ES256').kid
    const outside = signed(stage, ASKING, { dpop_jkt: other })
    assert.equal((await asked(outside, stage)).dpop_jkt, undefined)
    const proved = {
      ...signed(stage, ASKING, { dpop_jkt: other }),
      dpop: [stage.app.proof({ url: PAR })],
    }
    assert.equal((await asked(proved, stage)).dpop_jkt, stage.app.dpopKey.kid)
  })
})

describe('a request object of a client with a certificate', () => {
  const BY_AUTHORITY = {
    ...APP,
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_san_dns: 'app.example',
    tls_client_certificate_bound_access_tokens: true,
  }

  test('PAR-09 JAR-02 is signed by its own key, and names the client that the form names', async () => {
    const certificate = await certificateFor('app.example')
    const base = createStage({ mtls: MUTUAL_TLS, requireSignedRequests: true })
    const app = base.enrol(BY_AUTHORITY, base.app.key, [certificate.der])
    const stage = { ...base, app }
    assert.ok(await asked(signed(stage, ASKING), stage))
    const foreign = signed(stage, { ...ASKING, client_id: 'web' })
    await refuses(foreign, stage, ['PAR-09', 'invalid_request_object'])
    await refuses(app.request(ASKING), stage, ['MS-JAR-01', 'invalid_request'])
    const replayed = app.requestObject({ ...ASKING, jti: 'x' })
    assert.ok(await asked(app.request({ request: replayed }), stage))
    await refuses(app.request({ request: replayed }), stage, ['JWT-09', 'invalid_request_object'])
  })

  test('MS-JAR-06 is refused where the client has registered no key', async () => {
    const certificate = await certificateFor('app.example')
    const base = createStage({ mtls: MUTUAL_TLS })
    const keyless = { ...BY_AUTHORITY, jwks: undefined }
    const app = base.enrol(keyless, base.app.key, [certificate.der])
    const request = signed({ ...base, app }, ASKING)
    await refuses(request, base, ['MS-JAR-06', 'invalid_request_object'])
  })
})
