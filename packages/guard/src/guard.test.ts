import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { generateSigningKey } from '@signet/protocol'
import { forge, forgeries } from '@signet/protocol/testing'
import type { GuardOptions } from './options.ts'
import type { Challenge, Granted } from './outcome.ts'
import type { GuardRequest } from './request.ts'
import type { Requirements } from './requirements.ts'
import { CERTIFICATE, NONCES, withProof } from './testing/requests.ts'
import { API, createStage, ISSUER } from './testing/stage.ts'

const other = generateSigningKey('ES256')

const HEADER = { typ: 'at+jwt' }
const base = createStage()
const CLAIMS = {
  iss: ISSUER,
  sub: 'alice',
  aud: API,
  client_id: 'app',
  iat: base.clock.now,
  exp: base.clock.now + 300,
  jti: 'x',
  cnf: { jkt: base.issuer.clientKey.kid },
}

describe('JWT-01 JWT-02 JWT-05 JWT-06 JWT-10 SP-CR-01 SP-CR-02 SP-CR-03 an access token is refused with', () => {
  const tokens = forgeries({ ...HEADER, kid: base.issuer.key.kid }, CLAIMS, base.issuer.key)
  for (const [title, token] of Object.entries(tokens)) {
    test(title, async () => {
      const { status, event } = await base.refused(base.issuer.request({ token }))
      const malformed = event.reason === 'authorization_malformed'
      assert.equal(status, malformed ? 400 : 401)
      assert.equal(event.error, malformed ? 'invalid_request' : 'invalid_token')
    })
  }
})

test('JWT-08 SP-CR-01 what a token says about its key is never fetched', async () => {
  const stage = createStage()
  const header = {
    ...HEADER,
    alg: 'ES256',
    jku: 'https://evil.example',
    x5u: 'https://evil.example',
  }
  const kid = "../../etc/passwd' OR 1=1"
  const claims = { ...CLAIMS, cnf: { jkt: stage.issuer.clientKey.kid } }
  const token = forge({ ...header, kid }, claims, other)
  await stage.refused(stage.issuer.request({ token }))
  assert.deepEqual(stage.calls, [])
})

test('JWT-04 a symmetric key in a key set is never used', async () => {
  const jwks = { keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: 'mac' }] }
  const stage = createStage({ issuer: { issuer: ISSUER, jwks } })
  await stage.refused(stage.issuer.request())
})

test('SP-CR-11 keys may share a kid: each that fits is tried', async () => {
  const { issuer } = base
  const twin = { ...other.publicJwk, kid: issuer.key.kid }
  const rsa = { ...generateSigningKey('PS256').publicJwk, kid: issuer.key.kid }
  const jwks = { keys: [twin, rsa, issuer.key.publicJwk] }
  const stage = createStage({ issuer: { issuer: ISSUER, jwks } })
  await stage.granted(issuer.request())
})

test('SP-RS-01 SP-RS-05 a good token with a good proof passes, its scheme in any case', async () => {
  const stage = createStage()
  for (const scheme of ['DPoP', 'dpop', 'DPOP']) {
    const { token, refused } = await stage.granted(stage.issuer.request({ scheme }))
    assert.equal(token?.['sub'], 'alice')
    assert.equal(refused, undefined)
  }
})

test('DPOP-PRF-17 the names of headers are read in any case', async () => {
  const stage = createStage()
  const { headers, ...request } = stage.issuer.request()
  for (const change of [
    (name: string) => name.toLowerCase(),
    (name: string) => name.toUpperCase(),
  ]) {
    const renamed = stage.issuer
      .request()
      .headers.map((text, at) => (at % 2 === 0 ? change(text) : text))
    await stage.granted({ ...request, headers: renamed })
  }
  await stage.granted({ ...request, headers })
})

test('DPOP-PRF-09 DPOP-PRF-10 query, fragment, case of the host and default port do not count', async () => {
  const stage = createStage()
  for (const url of [
    `${API}/accounts?a=b`,
    `${API}/accounts#c`,
    'HTTPS://API.example:443/accounts',
  ]) {
    await stage.granted(withProof({ claims: { htu: url, jti: url } })(stage))
  }
  await stage.granted(stage.issuer.request({ target: '/accounts?x=1' }))
})

test('DPOP-PRF-16 unknown members of a proof are ignored', async () => {
  const stage = createStage()
  await stage.granted(withProof({ header: { x: 1 }, claims: { y: 2 } })(stage))
})

test('DPOP-PRF-12 a proof from 10 seconds ahead passes', async () => {
  const stage = createStage()
  await stage.granted(stage.issuer.request({ proof: { now: stage.clock.now + 10 } }))
})

test('DPOP-PRF-15 a proof works once, however its URL is spelled the second time', async () => {
  const stage = createStage()
  const request = stage.issuer.request()
  await stage.granted(request)
  for (const target of ['/accounts', '/accounts?again', '/%61ccounts', '/x/../accounts']) {
    const { status, event } = await stage.refused({ ...request, target })
    assert.deepEqual([status, event.reason], [401, 'dpop_proof_replayed'])
  }
})

test('DPOP-PRF-15 of many equal requests at the same time one passes', async () => {
  const stage = createStage()
  const request = stage.issuer.request()
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => stage.guard.check(request)))
  assert.equal(outcomes.filter(({ action }) => action === 'granted').length, 1)
})

test('DPOP-PRF-15 a replay store that cannot tell lets nobody through', async () => {
  const first = (): Promise<never> => Promise.reject(new Error('disk full'))
  const stage = createStage({ replay: { first } })
  const { status, headers, event } = await stage.refused(stage.issuer.request())
  assert.deepEqual([status, event.reason], [503, 'replay_store_unavailable'])
  assert.equal(headers['retry-after'], '5')
  assert.equal(headers['www-authenticate'], undefined)
})

test('DPOP-RS-01 a request that fails is not remembered, so its token is not spent', async () => {
  const stage = createStage()
  const request = stage.issuer.request()
  await stage.refused({ ...request, method: 'DELETE' })
  await stage.granted(request)
})

test('DPOP-RS-04 DPOP-PRF-11 with the nonce of the answer, the request passes', async () => {
  const stage = createStage(NONCES)
  const { headers } = await stage.refused(stage.issuer.request())
  assert.match(headers['www-authenticate'] ?? '', /error="use_dpop_nonce"/)
  const nonce = headers['dpop-nonce'] ?? ''
  const granted = await stage.granted(stage.issuer.request({ proof: { nonce } }))
  assert.equal(granted.headers['dpop-nonce'], nonce)
  stage.clock.now += 86_400
  await stage.refused(stage.issuer.request({ proof: { nonce } }))
})

test('X08 with a fresh nonce, the clock of the client may be off', async () => {
  const stage = createStage(NONCES)
  const { headers } = await stage.refused(stage.issuer.request())
  const proof = { nonce: headers['dpop-nonce'] ?? '', now: stage.clock.now - 3600 }
  await stage.granted(stage.issuer.request({ proof }))
})

test('SP-RS-03 a token that was verified before ends in time all the same', async () => {
  const stage = createStage()
  const token = stage.issuer.token()
  await stage.granted(stage.issuer.request({ token }))
  stage.clock.now += 299
  await stage.granted(stage.issuer.request({ token }))
  stage.clock.now += 1
  await stage.refused(stage.issuer.request({ token }))
})

test('SP-RS-03 the clock tolerance counts after exp, and no longer', async () => {
  const stage = createStage({ clockTolerance: 10 })
  const token = stage.issuer.token()
  stage.clock.now += 309
  await stage.granted(stage.issuer.request({ token }))
  stage.clock.now += 1
  await stage.refused(stage.issuer.request({ token }))
})

test('JWT-07 several issuers are trusted, each with its own keys only', async () => {
  const { issuer, clock } = base
  const trusted = { issuer: 'https://two.example', jwks: { keys: [other.publicJwk] } }
  const stage = createStage({ issuer: [issuer.trusted, trusted] })
  await stage.granted(issuer.request())
  const header = { ...HEADER, alg: 'ES256', kid: other.kid }
  const of = (iss: string): string => forge(header, { ...CLAIMS, iss, exp: clock.now + 60 }, other)
  await stage.granted(issuer.request({ token: of('https://two.example') }))
  const { event } = await stage.refused(issuer.request({ token: of(ISSUER) }))
  assert.equal(event.reason, 'access_token_signature')
  const stranger = await stage.refused(issuer.request({ token: of('https://three.example') }))
  assert.equal(stranger.event.reason, 'access_token_iss')
})

describe('SP-RS-04 STEP-01 the guard grants', () => {
  const wanted: Readonly<Record<string, readonly [Requirements, object]>> = {
    'a token with all scopes': [{ requireScopes: ['b', 'a'] }, { scope: 'a b c' }],
    'the second best login': [{ requireAcr: { acr: ['gold', 'silver'] } }, { acr: 'silver' }],
    'a login of a minute ago': [{ requireAcr: { maxAge: 60 } }, { auth_time: base.clock.now - 60 }],
    'details that cover the request': [
      { requireAuthorizationDetails: ([first], { method }) => first?.['action'] === method },
      { authorization_details: [{ type: 'x', action: 'GET' }] },
    ],
  }
  for (const [title, [requirements, claims]] of Object.entries(wanted)) {
    test(title, async () => {
      const stage = createStage()
      await stage.granted(
        stage.issuer.request({ token: stage.issuer.token({ ...claims }) }),
        requirements,
      )
    })
  }
})

test('SP-RS-04 the challenge names the scope that would have been enough', async () => {
  const stage = createStage()
  const { headers } = await stage.refused(stage.issuer.request(), { requireScopes: ['a', 'b'] })
  assert.match(headers['www-authenticate'] ?? '', /error="insufficient_scope".* scope="a b"/)
})

test('STEP-01 the challenge names the login that would have been enough', async () => {
  const stage = createStage()
  const requireAcr = { acr: ['gold', 'silver'], maxAge: 60 }
  const { headers } = await stage.refused(stage.issuer.request(), { requireAcr })
  assert.match(headers['www-authenticate'] ?? '', / acr_values="gold silver", max_age="60"/)
})

test('MTLS-06 a token passes with its certificate, from the connection', async () => {
  for (const senderConstraint of ['mtls', 'either'] as const) {
    const stage = createStage({ senderConstraint })
    await stage.granted(stage.issuer.request({ certificate: CERTIFICATE }))
  }
})

describe('MTLS-06 MTLS-09 behind a proxy', () => {
  const header = `:${Buffer.from(CERTIFICATE).toString('base64')}:`
  const proxied = (
    fields: readonly string[],
    peerAddress: string | undefined,
  ): Promise<Granted | Challenge> => {
    const proxies = ['10.0.0.0/8', '::1']
    const stage = createStage({
      senderConstraint: 'mtls',
      certificateHeader: { format: 'rfc9440', proxies },
    })
    const headers = fields.flatMap((field) => ['Client-Cert', field])
    const request = stage.issuer.request({ certificate: CERTIFICATE, headers })
    return stage.guard.check({ ...request, peerAddress })
  }
  test('the certificate of the header counts, from a listed address', async () => {
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '::1']) {
      assert.equal((await proxied([header], address)).action, 'granted')
    }
  })
  test('the header of anybody else does not count, nor the certificate of the proxy itself', async () => {
    for (const address of ['192.0.2.1', '::2', undefined, '', '/run/socket']) {
      assert.equal((await proxied([header], address)).action, 'refused')
    }
    assert.equal((await proxied([], '10.1.2.3')).action, 'refused')
  })
})

test('OAU-09 where both are taken, who comes without credentials learns of both schemes', async () => {
  const stage = createStage({ senderConstraint: 'either' })
  const { headers, body } = await stage.refused({ method: 'GET', target: '/', headers: [] })
  assert.equal(
    headers['www-authenticate'],
    `DPoP algs="PS256 ES256 EdDSA Ed25519", resource_metadata="${API}/.well-known/oauth-protected-resource", Bearer resource_metadata="${API}/.well-known/oauth-protected-resource"`,
  )
  assert.equal(body, undefined)
})

test('SP-RS-06 an interaction id is echoed if it is one, and made if it is not', async () => {
  const stage = createStage()
  const id = 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'
  const sent = (...ids: readonly string[]): GuardRequest =>
    stage.issuer.request({ headers: ids.flatMap((each) => ['X-FAPI-Interaction-ID', each]) })
  assert.equal((await stage.granted(sent(id))).headers['x-fapi-interaction-id'], id)
  for (const bad of [[], [`${id}\r\nSet-Cookie: a`], ['1'], [id, id]]) {
    const { headers } = await stage.granted(sent(...bad))
    assert.match(headers['x-fapi-interaction-id'] ?? '', /^00000000-0000-4000-8000-/)
  }
  const refused = await stage.refused({ ...sent(id), method: 'PUT' })
  assert.equal(refused.headers['x-fapi-interaction-id'], id)
  assert.equal(refused.event.interactionId, id)
})

test('a refusal is explained to the operator, and holds no token and no query', async () => {
  const stage = createStage()
  const request = stage.issuer.request({
    target: '/accounts?secret=1',
    proof: { url: `${API}/payments?secret=2` },
  })
  const { event } = await stage.refused(request)
  assert.equal(event.id, 'DPOP-PRF-09')
  assert.equal(event.expected, `htu ${API}/accounts`)
  assert.equal(event.received, `htu "${API}/payments"`)
  assert.deepEqual(
    [event.mode, event.method, event.path, event.clientId],
    ['enforce', 'GET', '/accounts', 'app'],
  )
  const told = JSON.stringify(event)
  for (const secret of ['secret', request.headers[1], request.headers[3]]) {
    assert.ok(!told.includes(secret ?? 'nothing'))
  }
})

test('a listener that fails decides nothing', async () => {
  const onRefusal = (): never => {
    throw new Error('log full')
  }
  const { guard, issuer } = createStage({ onRefusal })
  assert.equal((await guard.check(issuer.request({ proof: 'none' }))).action, 'refused')
})

test('mode warn lets through, tells operator and client, and gives a token only if it verifies', async () => {
  const stage = createStage({ mode: 'warn' })
  const unproved = await stage.granted(stage.issuer.request({ proof: 'none' }))
  assert.equal(unproved.refused?.reason, 'dpop_proof_missing')
  assert.equal(unproved.headers['guard-warning'], 'dpop_proof_missing')
  assert.equal(unproved.token?.['sub'], 'alice')
  const forged = await stage.granted(stage.issuer.request({ token: 'a.b.c' }))
  assert.equal(forged.token, undefined)
  assert.deepEqual(
    stage.events.map(({ mode }) => mode),
    ['warn', 'warn'],
  )
  const good = await stage.granted(stage.issuer.request())
  assert.equal(good.refused, undefined)
  assert.ok(!('guard-warning' in good.headers))
})

test('mode observe lets through, tells the operator, and changes no answer', async () => {
  const stage = createStage({ mode: 'observe' })
  const { headers, refused } = await stage.granted(stage.issuer.request({ proof: 'none' }))
  assert.deepEqual(headers, {})
  assert.equal(refused?.reason, 'dpop_proof_missing')
  assert.equal(stage.events.length, 1)
  assert.deepEqual((await stage.granted(stage.issuer.request())).headers, {})
})

test('SP-RS-02 a token in a form that was parsed after the check is refused then', async () => {
  const stage = createStage()
  const request = stage.issuer.request({ method: 'POST' })
  await stage.granted(request)
  assert.equal(stage.guard.checkForm(request, ['amount']), undefined)
  assert.equal(stage.guard.checkForm(request, ['amount', 'access_token'])?.status, 400)
})

test('a proxy may strip a path, and a server may have a second public name', async () => {
  const stage = createStage({
    baseUrl: `${API}/bank/`,
    otherBaseUrls: ['https://mtls.api.example'],
  })
  for (const url of [`${API}/bank/accounts`, 'https://mtls.api.example/accounts']) {
    await stage.granted(stage.issuer.request({ proof: { url } }))
  }
  await stage.refused(stage.issuer.request())
})

test('PRM-01 PRM-03 the metadata document says what is enforced, and challenges say where it is', async () => {
  const stage = createStage({
    resource: `${API}/bank`,
    audience: API,
    scopesSupported: ['accounts'],
    algorithms: ['ES256'],
  })
  assert.deepEqual(stage.guard.metadata(), {
    resource: `${API}/bank`,
    authorization_servers: [ISSUER],
    bearer_methods_supported: ['header'],
    scopes_supported: ['accounts'],
    dpop_signing_alg_values_supported: ['ES256'],
    dpop_bound_access_tokens_required: true,
  })
  assert.equal(stage.guard.metadataPath, '/.well-known/oauth-protected-resource/bank')
  const { headers } = await stage.refused({ method: 'GET', target: '/', headers: [] })
  assert.equal(
    headers['www-authenticate'],
    `DPoP algs="ES256", resource_metadata="${API}/.well-known/oauth-protected-resource/bank"`,
  )
  const mtls = createStage({ senderConstraint: 'mtls' }).guard.metadata()
  assert.equal(mtls.tls_client_certificate_bound_access_tokens, true)
  assert.equal(mtls.dpop_bound_access_tokens_required, undefined)
})

test('SP-PROF-01 SP-NET-01 options that would weaken the profile are refused, all at once', () => {
  const wrong: Partial<GuardOptions> = {
    issuer: 'http://as.example',
    resource: 'http://api.example',
    clockTolerance: 3600,
    tokens: 'introspection',
    statusListSeconds: 0,
    certificateHeader: { format: 'rfc9440', proxies: [] },
  }
  assert.throws(
    () => createStage(wrong),
    (error: { problems?: readonly string[] }) => error.problems?.length === 6,
  )
})

test('MTLS-09 a certificate header of a format that nobody writes is refused at the start', () => {
  const options: Partial<GuardOptions> = JSON.parse(
    '{"certificateHeader":{"format":"x-client-cert","proxies":["::1"]}}',
  )
  assert.throws(() => createStage(options), /format of certificateHeader must/)
})
