import {
  createClientAssertion,
  createProof,
  generateSigningKey,
  Refused,
  thumbprint,
  type ErrorCode,
  type SigningKey,
} from '@signet/protocol'
import { forge, forgeries, unusableJwks } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ASSERTION_TYPE } from '../client-authentication.rules.ts'
import type { Service } from '../config.ts'
import { digestOf } from '../digest.ts'
import type { BackChannelRequest, Pushed } from '../outcomes.ts'
import type { PushedRequest } from '../store.ts'
import {
  APP,
  ASKING,
  CHALLENGE,
  createStage,
  formRequest,
  ISSUER,
  REDIRECT_URI,
  RESOURCE,
  type Parameters,
  type Stage,
} from '../testing/index.ts'
import { introspect } from '../tokens/introspect.ts'
import { revoke } from '../tokens/revoke.ts'
import { push, REQUEST_URI_PREFIX } from './push.ts'
import { token } from './token.ts'

const PAR = `${ISSUER}/par`
type Step = typeof push | typeof token | typeof introspect | typeof revoke

/** The refusal of a request; anything else, an exception above all, fails the test. */
async function refusedBy(
  request: BackChannelRequest,
  stage: Stage,
  step: Step = push,
): Promise<Refused> {
  try {
    await step(request, stage.ports)
  } catch (error) {
    if (error instanceof Refused) return error
    throw error
  }
  throw new assert.AssertionError({ message: 'the request was not refused' })
}

async function refuses(
  request: BackChannelRequest,
  stage: Stage,
  [id, error]: readonly [id: string, error: ErrorCode],
): Promise<void> {
  const { evidence, refusal } = await refusedBy(request, stage)
  assert.deepEqual([evidence.id, refusal.error], [id, error], evidence.received)
}

async function kept({ requestUri }: Pushed, { ports }: Stage): Promise<PushedRequest> {
  const row = await ports.store.pushedRequests.peek(digestOf(requestUri))
  assert.ok(row)
  return row
}

/** Claims of a good assertion of the app, some of them changed. */
const claimsOf = ({ clock }: Stage, change: object = {}): object => ({
  iss: 'app',
  sub: 'app',
  aud: ISSUER,
  jti: 'a jti',
  iat: clock.now(),
  exp: clock.now() + 60,
  ...change,
})

const HEADER = { alg: 'ES256', typ: 'JWT' }

/** A request with an assertion of one's own making. */
const asserting = (client_assertion: string, more: Parameters = {}): BackChannelRequest =>
  formRequest({ client_assertion_type: ASSERTION_TYPE, client_assertion, ...ASKING, ...more })

const saying = (stage: Stage, change: object, header: object = HEADER): BackChannelRequest =>
  asserting(forge(header, claimsOf(stage, change), stage.app.key))

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
    assert.match(one.requestUri.slice(REQUEST_URI_PREFIX.length), /^[\w-]{43,}$/)
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

describe('client authentication', () => {
  test('SP-AZ-04 SP-AS-03 refuses a push without it, whatever else is wrong', async () => {
    const stage = createStage()
    for (const parameters of [
      {},
      ASKING,
      { ...ASKING, client_id: 'app' },
      { client_id: 'nobody' },
    ]) {
      await refuses(formRequest(parameters), stage, ['SP-AS-06', 'invalid_client'])
    }
  })

  test('SP-AS-06 refuses a client_secret, in the form and in the header', async () => {
    const stage = createStage()
    const form = { ...ASKING, client_id: 'app', client_secret: 's3cret' }
    await refuses(formRequest(form), stage, ['SP-AS-06', 'invalid_client'])
    const basic = { ...formRequest(ASKING), authorization: ['Basic YXBwOnMzY3JldA=='] }
    await refuses(basic, stage, ['SP-AS-06', 'invalid_client'])
  })

  test('SP-AS-06 refuses an empty assertion as none', async () => {
    const stage = createStage()
    await refuses(asserting(''), stage, ['SP-AS-06', 'invalid_client'])
  })

  test('PKJ-01 OAU-01 refuses two assertions, the same or not', async () => {
    const stage = createStage()
    const one = stage.app.assertion()
    for (const client_assertion of [
      [one, one],
      [one, stage.app.assertion()],
      ['', one],
      [one, ''],
    ]) {
      const request = formRequest({
        client_assertion_type: ASSERTION_TYPE,
        ...ASKING,
        client_assertion,
      })
      await refuses(request, stage, ['OAU-01', 'invalid_request'])
    }
  })

  test('PKJ-01 refuses an assertion of another type or of none', async () => {
    const stage = createStage()
    for (const client_assertion_type of ['', 'jwt-bearer', `${ASSERTION_TYPE}x`]) {
      const request = stage.app.request({ ...ASKING, client_assertion_type })
      await refuses(request, stage, ['PKJ-01', 'invalid_client'])
    }
  })

  test('PKJ-09 refuses an Authorization header beside the assertion', async () => {
    const stage = createStage()
    for (const authorization of [['Basic YXBwOnM='], ['Bearer x'], ['DPoP x', 'DPoP y'], ['']]) {
      const request = { ...stage.app.request(ASKING), authorization }
      await refuses(request, stage, ['PKJ-09', 'invalid_request'])
    }
  })

  test('SP-AS-06a PKJ-08 refuses the client_id of another client', async () => {
    const stage = createStage()
    stage.enrol({ ...APP, client_id: 'web' })
    const request = stage.app.request({ ...ASKING, client_id: 'web' })
    await refuses(request, stage, ['PKJ-08', 'invalid_client'])
  })

  const subjects: Readonly<Record<string, unknown>> = {
    'no sub': undefined,
    'an unknown client': 'nobody',
    'a name of every object': '__proto__',
    'an empty sub': '',
    'a number': 7,
    'an array': ['app'],
    'an object that cannot be made a text': { toString: null, valueOf: null },
    'an object that is called app': { toString: 'app' },
    'the client in capitals': 'APP',
    '12,000 characters': 'a'.repeat(12_000),
  }
  for (const [title, sub] of Object.entries(subjects)) {
    test(`SP-AS-03 PKJ-02 refuses an assertion whose sub is ${title}, with client_id or without`, async () => {
      const stage = createStage()
      const assertion = forge(HEADER, claimsOf(stage, { sub }), stage.app.key)
      await refuses(asserting(assertion), stage, ['SP-AS-03', 'invalid_client'])
      const named = asserting(assertion, { client_id: 'app' })
      await refuses(named, stage, ['PKJ-08', 'invalid_client'])
    })
  }

  test('PKJ-02 refuses an assertion whose iss is not the client', async () => {
    const stage = createStage()
    for (const iss of [undefined, 'web', ISSUER, ['app'], '']) {
      await refuses(saying(stage, { iss }), stage, ['PKJ-02', 'invalid_client'])
    }
  })

  const audiences: Readonly<Record<string, unknown>> = {
    'the token endpoint': `${ISSUER}/token`,
    'the PAR endpoint': PAR,
    'another server': 'https://other.example',
    'the issuer with a slash added': `${ISSUER}/`,
    'the issuer in capitals': 'https://AS.example',
    'no audience': undefined,
    'an object': { issuer: ISSUER },
  }
  const steps = { push, token, introspect, revoke } as const
  for (const [name, step] of Object.entries(steps)) {
    for (const [title, aud] of Object.entries(audiences)) {
      test(`SP-AS-08 PKJ-03 SP-AS-08b refuses ${title} as audience (${name})`, async () => {
        const stage = createStage()
        const { refusal, evidence } = await refusedBy(saying(stage, { aud }), stage, step)
        assert.deepEqual([refusal.error, evidence.id], ['invalid_client', 'SP-AS-08'])
      })
    }
    for (const aud of [[ISSUER], [ISSUER, ISSUER], [ISSUER, 'https://other.example'], []]) {
      test(`SP-AS-08a SP-AS-08b refuses the array ${JSON.stringify(aud)} as audience (${name})`, async () => {
        const stage = createStage()
        const { refusal, evidence } = await refusedBy(saying(stage, { aud }), stage, step)
        assert.equal(refusal.error, 'invalid_client')
        assert.match(evidence.id, /^SP-AS-08a?$/)
      })
    }
    test(`SP-AS-06 refuses a caller without assertion (${name})`, async () => {
      const request = formRequest({ client_id: 'app', token: 'x', grant_type: 'refresh_token' })
      const { refusal } = await refusedBy(request, createStage(), step)
      assert.equal(refusal.error, 'invalid_client')
    })
  }

  test('SP-AS-13 takes iat and nbf up to 10 s ahead', async () => {
    for (const ahead of [0, 5, 10]) {
      const stage = createStage()
      const at = stage.clock.now() + ahead
      assert.ok(await push(saying(stage, { iat: at, nbf: at }), stage.ports))
    }
  })

  test('SP-AS-13a refuses iat or nbf more than 60 s ahead', async () => {
    const stage = createStage()
    for (const ahead of [61, 300, 3_600]) {
      const at = stage.clock.now() + ahead
      const exp = at + 60 < stage.clock.now() + 600 ? at + 60 : stage.clock.now() + 500
      await refuses(saying(stage, { iat: at, exp }), stage, ['SP-AS-13a', 'invalid_client'])
      await refuses(saying(stage, { nbf: at, exp }), stage, ['SP-AS-13a', 'invalid_client'])
    }
  })

  test('PKJ-04 refuses an assertion that has expired, or never does', async () => {
    const stage = createStage()
    const now = stage.clock.now()
    for (const exp of [undefined, now - 10, now - 300, 'tomorrow', String(now + 60), null]) {
      await refuses(saying(stage, { exp }), stage, ['PKJ-04', 'invalid_client'])
    }
  })

  test('PKJ-05 refuses an assertion that lives for a year', async () => {
    const stage = createStage()
    const exp = stage.clock.now() + 31_536_000
    await refuses(saying(stage, { exp }), stage, ['PKJ-05', 'invalid_client'])
  })

  test('PKJ-06 refuses an assertion without jti', async () => {
    const stage = createStage()
    for (const jti of [undefined, '', 7, 'j'.repeat(257)]) {
      await refuses(saying(stage, { jti }), stage, ['PKJ-06', 'invalid_client'])
    }
  })

  test('PKJ-06 refuses an assertion that was used before, at whatever endpoint', async () => {
    const stage = createStage()
    const request = stage.app.request(ASKING)
    await push(request, stage.ports)
    await refuses(request, stage, ['PKJ-06', 'invalid_client'])
    for (const step of [token, introspect, revoke]) {
      const { client_assertion = '' } = Object.fromEntries(new URLSearchParams(request.body))
      const again = formRequest({
        client_assertion_type: ASSERTION_TYPE,
        client_assertion,
        grant_type: 'client_credentials',
        token: 'x',
      })
      const dpop = step === token ? [stage.app.proof({ url: `${ISSUER}/token` })] : []
      const { evidence } = await refusedBy({ ...again, dpop }, stage, step)
      assert.equal(evidence.id, 'PKJ-06')
    }
  })

  test('PKJ-06 refuses an assertion whose jti another assertion of the client had', async () => {
    const stage = createStage()
    await push(saying(stage, { jti: 'again' }), stage.ports)
    const exp = stage.clock.now() + 120
    await refuses(saying(stage, { jti: 'again', exp }), stage, ['PKJ-06', 'invalid_client'])
  })

  test('PKJ-06 lets two clients have the same jti', async () => {
    const stage = createStage()
    const web = stage.enrol({ ...APP, client_id: 'web' })
    const change = { iss: 'web', sub: 'web', jti: 'same' }
    await push(saying(stage, { jti: 'same' }), stage.ports)
    const request = asserting(forge(HEADER, claimsOf(stage, change), web.key))
    assert.ok(await push(request, stage.ports))
  })

  test('PKJ-06 remembers an assertion as long as it would be taken, and spends it on a refused push too', async () => {
    const stage = createStage()
    const request = saying(stage, { exp: stage.clock.now() + 600 })
    const wrong = { ...request, body: request.body.replace('S256', 'plain') }
    await refuses(wrong, stage, ['SP-AZ-05', 'invalid_request'])
    stage.clock.advance(599)
    await refuses(request, stage, ['PKJ-06', 'invalid_client'])
    stage.clock.advance(10)
    await refuses(request, stage, ['PKJ-04', 'invalid_client'])
  })

  test('PKJ-06 lets one of many simultaneous uses through', async () => {
    const stage = createStage()
    const request = stage.app.request(ASKING)
    const all = await Promise.allSettled(
      Array.from({ length: 20 }, () => push(request, stage.ports)),
    )
    assert.equal(all.filter(({ status }) => status === 'fulfilled').length, 1)
  })

  test('PKJ-07 refuses the signature of another client', async () => {
    const stage = createStage()
    const web = stage.enrol({ ...APP, client_id: 'web' })
    const request = asserting(forge(HEADER, claimsOf(stage), web.key))
    await refuses(request, stage, ['PKJ-07', 'invalid_client'])
  })

  test('PKJ-07 refuses an algorithm that is not the one the client registered', async () => {
    const stage = createStage()
    const web = stage.enrol({ ...APP, client_id: 'web', token_endpoint_auth_signing_alg: 'PS256' })
    await refuses(web.request(ASKING), stage, ['PKJ-07', 'invalid_client'])
  })

  test('PKJ-07 takes no key from the assertion itself, nor from where it points', async () => {
    const stage = createStage()
    const mallory = generateSigningKey('ES256')
    for (const header of [
      { ...HEADER, jwk: mallory.publicJwk },
      { ...HEADER, jku: 'https://evil.example/jwks' },
      { ...HEADER, x5u: 'https://evil.example/x5u', kid: stage.app.key.publicJwk.kid },
    ]) {
      const request = asserting(forge(header, claimsOf(stage), mallory))
      await refuses(request, stage, ['PKJ-07', 'invalid_client'])
    }
  })

  test('JWT-06 JWT-10 answers every forged assertion with invalid_client', async (t) => {
    const stage = createStage()
    const forged = forgeries({ typ: 'JWT' }, claimsOf(stage), stage.app.key)
    for (const [title, assertion] of Object.entries(forged)) {
      await t.test(`refuses ${title}`, async () => {
        const { refusal } = await refusedBy(asserting(assertion), stage)
        assert.equal(refusal.error, 'invalid_client')
        assert.match(refusal.description, /^[\x20\x21\x23-\x5B\x5D-\x7E]+$/)
      })
    }
    assert.ok(await push(stage.app.request(ASKING), stage.ports), 'and none of them cost anything')
  })

  test('JWT-06 answers an assertion of 100,000 characters with invalid_client', async () => {
    const stage = createStage()
    for (const assertion of [
      'a'.repeat(100_000),
      '.'.repeat(100_000),
      `a.b.${'c'.repeat(99_000)}`,
    ]) {
      await refuses(asserting(assertion), stage, ['JWT-06', 'invalid_client'])
    }
  })

  const kinds = ['dpop+jwt', 'at+jwt', 'application/at+jwt', 'oauth-authz-req+jwt', 'logout+jwt']
  for (const typ of kinds) {
    test(`JWT-09 refuses a JWT of typ ${typ} as assertion, though the client signed it`, async () => {
      const stage = createStage()
      await refuses(saying(stage, {}, { ...HEADER, typ }), stage, ['PKJ-10', 'invalid_client'])
    })
  }
  for (const typ of ['JWT', 'jwt', 'client-authentication+jwt', undefined]) {
    test(`JWT-09 takes an assertion of typ ${typ ?? 'nothing'}`, async () => {
      const stage = createStage()
      assert.ok(await push(saying(stage, {}, { alg: 'ES256', typ }), stage.ports))
    })
  }
  test('JWT-09 refuses a proof as assertion, and an assertion as proof', async () => {
    const stage = createStage()
    const proof = stage.app.proof({ url: PAR, key: stage.app.key })
    await refuses(asserting(proof), stage, ['SP-AS-03', 'invalid_client'])
    const request = { ...stage.app.request(ASKING), dpop: [stage.app.assertion()] }
    await refuses(request, stage, ['DPOP-PRF-04', 'invalid_dpop_proof'])
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
    'JAR-05 a request object': [{ request: 'a.b.c' }, 'JAR-05', 'request_not_supported'],
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

  test('DPOP-JKT-02 keeps the key of the DPoP header as if dpop_jkt had been sent', async () => {
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
