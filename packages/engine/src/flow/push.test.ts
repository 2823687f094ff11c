import {
  createClientAssertion,
  createProof,
  generateSigningKey,
  thumbprint,
  type ErrorCode,
  type SigningKey,
} from '@signet/protocol'
import { forge, forgeries, unusableJwks } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Service } from '../config.ts'
import type { BackChannelRequest } from '../outcomes.ts'
import {
  ASKING,
  CHALLENGE,
  createStage,
  formRequest,
  ISSUER,
  REDIRECT_URI,
  RESOURCE,
  type Parameters,
} from '../testing/index.ts'
import { push, REQUEST_URI_PREFIX } from './push.ts'
import { asserting, kept, PAR, refusedBy, refuses } from './testing/pushing.ts'

describe('a pushed request that is right', () => {
  test('SP-AZ-02 PAR-04 gets a request_uri and its lifetime as a whole number of seconds', async () => {
    const stage = createStage()
    const pushed = await push(stage.app.request(ASKING), stage.ports)
    assert.deepEqual(Object.keys(pushed), ['action', 'requestUri', 'expiresIn'])
    assert.equal(pushed.action, 'created')
    assert.equal(pushed.expiresIn, 90)
    assert.ok(Number.isInteger(pushed.expiresIn))
    const { expiresAt, keptUntil, clientId } = await kept(pushed, stage)
    assert.equal(clientId, 'app')
    assert.equal(expiresAt, stage.clock.now() + 90)
    assert.equal(keptUntil, expiresAt + 600)
  })

  test('PAR-05 SP-CR-06 gets a request_uri of 128 random bits and more', async () => {
    const stage = createStage()
    const bits: number[] = []
    const random = {
      token: (asked: number): string => {
        bits.push(asked)
        return stage.ports.random.token(asked)
      },
    }
    const ports = { ...stage.ports, random }
    const one = await push(stage.app.request(ASKING), ports)
    const other = await push(stage.app.request(ASKING), ports)
    assert.equal(bits.length, 2)
    assert.ok(bits.every((asked) => asked >= 128))
    assert.notEqual(one.requestUri, other.requestUri)
    assert.ok(one.requestUri.startsWith(REQUEST_URI_PREFIX))
    assert.match(one.requestUri.slice(REQUEST_URI_PREFIX.length), /^[\da-z]{7}\.[\w-]{43}$/)
  })

  test('the store keeps a digest of the request_uri, and nothing that was only there to be checked', async () => {
    const stage = createStage()
    const request = stage.app.request({ ...ASKING, scope: 'openid', state: 'x', foo: 'bar' })
    const row = await kept(await push(request, stage.ports), stage)
    assert.deepEqual(row.parameters, {
      redirect_uri: REDIRECT_URI,
      code_challenge: CHALLENGE,
      scope: 'openid',
      state: 'x',
    })
  })

  test('SP-AZ-18 needs neither state nor nonce nor scope', async () => {
    const stage = createStage()
    const { parameters } = await kept(await push(stage.app.request(ASKING), stage.ports), stage)
    assert.deepEqual(Object.keys(parameters).toSorted(), ['code_challenge', 'redirect_uri'])
  })

  test('SP-AZ-18 may name its scopes in any order', async () => {
    const stage = createStage()
    for (const scope of ['openid accounts payments', 'payments accounts openid']) {
      assert.ok(await push(stage.app.request({ ...ASKING, scope }), stage.ports))
    }
  })

  test('SP-AZ-14 SP-AZ-16 keeps nonce and state as long as they are', async () => {
    const stage = createStage()
    const nonce = `${'n'.repeat(380)}+/ä`
    const state = `${'s'.repeat(4_000)} "\\%&=😀`
    const request = stage.app.request({ ...ASKING, nonce, state })
    const { parameters } = await kept(await push(request, stage.ports), stage)
    assert.equal(parameters.nonce, nonce)
    assert.equal(parameters.state, state)
  })

  test('PKJ-08 may name its client_id or leave it out, and an empty one counts as left out', async () => {
    const stage = createStage()
    for (const more of [{}, { client_id: 'app' }, { client_id: '' }]) {
      assert.ok(await push(stage.app.request({ ...ASKING, ...more }), stage.ports))
    }
  })

  test('OAU-01 may carry parameters nobody knows, also names of every object', async () => {
    const stage = createStage()
    const { body } = stage.app.request(ASKING)
    const more = '&__proto__=x&constructor=y&toString=z&foo=bar&request_uri=&request='
    const pushed = await push({ ...formRequest({}), body: body + more }, stage.ports)
    const { parameters } = await kept(pushed, stage)
    assert.deepEqual(Object.keys(parameters).toSorted(), ['code_challenge', 'redirect_uri'])
  })

  test('RES-01 may name a resource a thousand times, which is kept once', async () => {
    const stage = createStage()
    const resource = Array.from({ length: 1_000 }, () => RESOURCE)
    const request = stage.app.request({ ...ASKING, resource })
    const { parameters } = await kept(await push(request, stage.ports), stage)
    assert.deepEqual(parameters.resource, [RESOURCE])
  })

  test('RES-01 may name the default resource of a service without resources', async () => {
    const stage = createStage({ resources: [], defaultResource: ISSUER })
    const request = stage.app.request({ ...ASKING, resource: ISSUER })
    assert.ok(await push(request, stage.ports))
  })
})

describe('what is asked for', () => {
  const wrong: Readonly<Record<string, readonly [Parameters, string, ErrorCode]>> = {
    'SP-AZ-01 another response_type': [
      { response_type: 'token' },
      'SP-AZ-01',
      'unsupported_response_type',
    ],
    'SP-AZ-05 PKCE-03 plain PKCE': [
      { code_challenge_method: 'plain' },
      'SP-AZ-05',
      'invalid_request',
    ],
    'SP-AZ-05 PKCE-03 PKCE without method': [
      { code_challenge_method: '' },
      'SP-AZ-05',
      'invalid_request',
    ],
    'SP-AZ-05 PKCE-03 no PKCE': [{ code_challenge: '' }, 'SP-AZ-05', 'invalid_request'],
    'PKCE-06 a challenge that is none': [{ code_challenge: 'short' }, 'PKCE-06', 'invalid_request'],
    'SP-AZ-06 no redirect_uri': [{ redirect_uri: '' }, 'SP-AZ-06', 'invalid_request'],
    'OAU-11 a redirect_uri nobody registered': [
      { redirect_uri: `${REDIRECT_URI}/x` },
      'OAU-11',
      'invalid_request',
    ],
    'SP-AZ-08 an http redirect_uri': [
      { redirect_uri: 'http://app.example/callback' },
      'OAU-11',
      'invalid_request',
    ],
    'PAR-02 a request_uri': [{ request_uri: 'urn:x' }, 'PAR-02', 'invalid_request'],
    'JAR-05 a request object that is none': [
      { request: 'a.b.c' },
      'JAR-03',
      'invalid_request_object',
    ],
    'PAR-03 a scope that is not allowed': [{ scope: 'admin' }, 'SP-AS-14', 'invalid_scope'],
    'RES-01 an unknown resource': [
      { resource: 'https://evil.example' },
      'RES-01',
      'invalid_target',
    ],
    'SP-AZ-14 a nonce that is too long': [
      { nonce: 'n'.repeat(2_000) },
      'SP-AZ-14',
      'invalid_request',
    ],
    'SP-AZ-16 a state that is too long': [
      { state: 's'.repeat(100_000) },
      'SP-AZ-16',
      'invalid_request',
    ],
    'OIDC-10 prompt none beside login': [{ prompt: 'none login' }, 'OIDC-10', 'invalid_request'],
    'OIDC-10 a max_age that is no number': [{ max_age: '-1' }, 'OIDC-10', 'invalid_request'],
    'OIDC-13 claims that are no JSON': [{ claims: '{' }, 'OIDC-13', 'invalid_request'],
    'OAU-01 a state that occurs twice': [{ state: ['a', 'b'] }, 'OAU-01', 'invalid_request'],
  }
  for (const [title, [change, id, error]] of Object.entries(wrong)) {
    test(`${title} is refused and nothing is kept (PAR-03)`, async () => {
      const stage = createStage()
      let put = 0
      const pushedRequests = {
        ...stage.ports.store.pushedRequests,
        put: async (): Promise<void> => {
          put += 1
        },
      }
      const ports = { ...stage.ports, store: { ...stage.ports.store, pushedRequests } }
      const request = stage.app.request({ ...ASKING, ...change })
      await refuses(request, { ...stage, ports }, [id, error])
      assert.equal(put, 0)
    })
  }

  test('PKCE-03 refuses a missing challenge and a method nobody knows as invalid_request', async () => {
    const stage = createStage()
    const { code_challenge: _, ...unchallenged } = ASKING
    const unproved = [
      unchallenged,
      ...['plain', 's256', 'S512', '__proto__'].map((code_challenge_method) => ({
        ...ASKING,
        code_challenge_method,
      })),
    ]
    for (const parameters of unproved) {
      await refuses(stage.app.request(parameters), stage, ['SP-AZ-05', 'invalid_request'])
    }
  })

  test('PAR-01 takes no other content type', async () => {
    const stage = createStage()
    const request = { ...stage.app.request(ASKING), contentType: 'application/json' }
    await refuses(request, stage, ['PAR-01', 'invalid_request'])
  })

  test('10,000 scopes are refused in a moment', async () => {
    const stage = createStage()
    const scope = Array.from({ length: 10_000 }, (_, index) => `s${index}`).join(' ')
    const before = performance.now()
    await refuses(stage.app.request({ ...ASKING, scope }), stage, ['SP-AS-14', 'invalid_scope'])
    assert.ok(performance.now() - before < 500)
  })

  test('OIDC-10 refuses an id_token_hint that is none of ours, and keeps none', async () => {
    const stage = createStage()
    for (const id_token_hint of ['x', stage.app.assertion(), 'a'.repeat(100_000)]) {
      const request = stage.app.request({ ...ASKING, id_token_hint })
      const { refusal } = await refusedBy(request, stage)
      assert.equal(refusal.error, 'invalid_request')
    }
  })
})

describe('DPoP', () => {
  const required: Partial<Service> = { dpop: { nonce: 'required' } }

  test('DPOP-JKT-01 keeps the dpop_jkt that was asked for', async () => {
    const stage = createStage()
    const dpop_jkt = thumbprint(stage.app.dpopKey.publicJwk)
    const request = stage.app.request({ ...ASKING, dpop_jkt })
    const { parameters } = await kept(await push(request, stage.ports), stage)
    assert.equal(parameters.dpop_jkt, dpop_jkt)
  })

  test('DPOP-JKT-02 SP-AS-12 keeps the key of the DPoP header as if dpop_jkt had been sent', async () => {
    const stage = createStage()
    const request = stage.app.request(ASKING, { url: PAR })
    const { parameters } = await kept(await push(request, stage.ports), stage)
    assert.equal(parameters.dpop_jkt, thumbprint(stage.app.dpopKey.publicJwk))
  })

  test('DPOP-JKT-03 refuses a dpop_jkt of another key than that of the header, and takes the same', async () => {
    const stage = createStage()
    const other = thumbprint(generateSigningKey('ES256').publicJwk)
    const differing = stage.app.request({ ...ASKING, dpop_jkt: other }, { url: PAR })
    await refuses(differing, stage, ['DPOP-JKT-03', 'invalid_request'])
    const same = thumbprint(stage.app.dpopKey.publicJwk)
    const agreeing = stage.app.request({ ...ASKING, dpop_jkt: same }, { url: PAR })
    assert.ok(await push(agreeing, stage.ports))
  })

  test('DPOP-PRF-01 refuses two DPoP headers, two proofs in one, and an empty one', async () => {
    const stage = createStage()
    const one = stage.app.proof({ url: PAR })
    const two = stage.app.proof({ url: PAR })
    for (const dpop of [[one, two], [one, one], [`${one}, ${two}`], [`${one},`], [''], ['', one]]) {
      const request = { ...stage.app.request(ASKING), dpop }
      await refuses(request, stage, ['DPOP-PRF-01', 'invalid_dpop_proof'])
    }
  })

  test('DPOP-PRF-09 DPOP-PRF-08 refuses a proof for another URL or method', async () => {
    const stage = createStage()
    for (const url of [`${ISSUER}/token`, 'https://other.example/par', 'http://as.example/par']) {
      const request = stage.app.request(ASKING, { url })
      await refuses(request, stage, ['DPOP-PRF-09', 'invalid_dpop_proof'])
    }
    const request = stage.app.request(ASKING, { url: PAR, method: 'GET' })
    await refuses(request, stage, ['DPOP-PRF-08', 'invalid_dpop_proof'])
  })

  test('DPOP-PRF-12 SP-AS-13 SP-AS-13a takes a proof 10 s ahead and none 61 s ahead or behind', async () => {
    const stage = createStage()
    const dated = (offset: number): BackChannelRequest => {
      stage.clock.advance(offset)
      const proof = stage.app.proof({ url: PAR })
      stage.clock.advance(-offset)
      return { ...stage.app.request(ASKING), dpop: [proof] }
    }
    assert.ok(await push(dated(10), stage.ports))
    for (const offset of [61, 3_600, -61, -3_600]) {
      await refuses(dated(offset), stage, ['DPOP-PRF-12', 'invalid_dpop_proof'])
    }
  })

  test('DPOP-PRF-15 refuses a proof that was used before, and spends no assertion by it', async () => {
    const stage = createStage()
    const dpop = [stage.app.proof({ url: PAR })]
    await push({ ...stage.app.request(ASKING), dpop }, stage.ports)
    const again = { ...stage.app.request(ASKING), dpop }
    await refuses(again, stage, ['DPOP-PRF-15', 'invalid_dpop_proof'])
    const mended = { ...again, dpop: [stage.app.proof({ url: PAR })] }
    assert.ok(await push(mended, stage.ports))
  })

  test('DPOP-PRF-02 DPOP-PRF-06 answers every forged proof with invalid_dpop_proof', async (t) => {
    const stage = createStage()
    const key: SigningKey = stage.app.dpopKey
    const { kty, crv, x, y } = { crv: undefined, x: undefined, y: undefined, ...key.publicJwk }
    const claims = { jti: 'j', htm: 'POST', htu: PAR, iat: stage.clock.now() }
    const forged = forgeries({ typ: 'dpop+jwt', jwk: { kty, crv, x, y } }, claims, key)
    for (const [title, proof] of Object.entries(forged)) {
      await t.test(`refuses ${title}`, async () => {
        const request = { ...stage.app.request(ASKING), dpop: [proof] }
        const { refusal } = await refusedBy(request, stage)
        assert.equal(refusal.error, 'invalid_dpop_proof')
      })
    }
    for (const [title, jwk] of Object.entries(unusableJwks())) {
      await t.test(`refuses ${title}`, async () => {
        const proof = forge({ typ: 'dpop+jwt', alg: 'ES256', jwk }, claims, key)
        const request = { ...stage.app.request(ASKING), dpop: [proof] }
        const { refusal } = await refusedBy(request, stage)
        assert.equal(refusal.error, 'invalid_dpop_proof')
      })
    }
  })

  test('DPOP-AS-06 DPOP-PRF-11 asks for a nonce, and the assertion is not spent by it', async () => {
    const stage = createStage(required)
    const request = stage.app.request(ASKING, { url: PAR })
    await refuses(request, stage, ['DPOP-PRF-11', 'use_dpop_nonce'])
    const nonce = stage.ports.keys.nonces.current()
    const again = { ...request, dpop: [stage.app.proof({ url: PAR, nonce })] }
    assert.ok(await push(again, stage.ports))
    await refuses(again, stage, ['PKJ-06', 'invalid_client'])
  })

  test('DPOP-AS-06 answers a nonce that is stale or made up like a missing one', async () => {
    const stage = createStage(required)
    const nonce = stage.ports.keys.nonces.current()
    const made = stage.app.request(ASKING, { url: PAR, nonce: 'made up' })
    await refuses(made, stage, ['DPOP-PRF-11', 'use_dpop_nonce'])
    stage.clock.advance(3_600)
    const stale = stage.app.request(ASKING, { url: PAR, nonce })
    await refuses(stale, stage, ['DPOP-PRF-11', 'use_dpop_nonce'])
  })

  test('DPOP-AS-09 takes no proof without nonce after one with nonce', async () => {
    const stage = createStage(required)
    const nonce = stage.ports.keys.nonces.current()
    await push(stage.app.request(ASKING, { url: PAR, nonce }), stage.ports)
    const request = stage.app.request(ASKING, { url: PAR })
    await refuses(request, stage, ['DPOP-PRF-11', 'use_dpop_nonce'])
  })

  test('DPOP-AS-09 takes no old proof for the fresh nonce in it', async () => {
    const stage = createStage(required)
    const { key, dpopKey } = stage.app
    const nonce = stage.ports.keys.nonces.current()
    const now = stage.clock.now()
    const old = createProof({
      key: dpopKey,
      method: 'POST',
      url: PAR,
      now: now - 120,
      jti: 'a',
      nonce,
    })
    const client_assertion = createClientAssertion({
      key,
      clientId: 'app',
      issuer: ISSUER,
      now,
      jti: 'b',
    })
    await refuses({ ...asserting(client_assertion), dpop: [old] }, stage, [
      'DPOP-PRF-12',
      'invalid_dpop_proof',
    ])
  })

  test('DPOP-PRF-16 takes a proof with members nobody knows', async () => {
    const stage = createStage()
    const { kid: _kid, use: _use, alg: _alg, ...jwk } = stage.app.dpopKey.publicJwk
    const now = stage.clock.now()
    const proof = forge(
      { typ: 'dpop+jwt', alg: 'ES256', jwk, foo: 1 },
      {
        jti: 'j',
        htm: 'POST',
        htu: PAR,
        iat: now,
        nbf: now,
        exp: now + 60,
        nonce: 'ignored',
        bar: {},
      },
      stage.app.dpopKey,
    )
    assert.ok(await push({ ...stage.app.request(ASKING), dpop: [proof] }, stage.ports))
  })
})
