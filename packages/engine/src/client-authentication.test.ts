import { generateSigningKey } from '@signet/protocol'
import { forge, forgeries } from '@signet/protocol/testing'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ASSERTION_TYPE } from './client-authentication.rules.ts'
import { push } from './flow/push.ts'
import {
  asserting,
  claimsOf,
  HEADER,
  PAR,
  refusedBy,
  refuses,
  saying,
} from './flow/testing/pushing.ts'
import { token } from './flow/token.ts'
import { APP, ASKING, createStage, formRequest, ISSUER } from './testing/index.ts'
import { introspect } from './tokens/introspect.ts'
import { revoke } from './tokens/revoke.ts'

describe('the sender of a request', () => {
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

  const strangers: Readonly<Record<string, readonly [object, object?]>> = {
    'is right but for its signature': [{}],
    'is for another server': [{ aud: 'https://other.example' }],
    'has expired': [{ exp: 1 }],
    'has no jti': [{ jti: undefined }],
    'is of another typ': [{}, { typ: 'at+jwt' }],
    'has an algorithm the client did not register': [{}, { alg: 'PS256' }],
    'is for another server and of another algorithm': [{ aud: 'x' }, { alg: 'PS256' }],
  }
  for (const [title, [change, header]] of Object.entries(strangers)) {
    test(`SP-AS-03 tells nobody which clients there are by an assertion that ${title}`, async () => {
      const stage = createStage()
      stage.enrol({ ...APP, client_id: 'web', token_endpoint_auth_signing_alg: 'ES256' })
      const mallory = generateSigningKey('ES256')
      const told: object[] = []
      const recorded: string[] = []
      for (const id of ['web', 'nobody']) {
        const claims = claimsOf(stage, { iss: id, sub: id, ...change })
        const request = asserting(forge({ ...HEADER, ...header }, claims, mallory))
        const { refusal, evidence } = await refusedBy(request, stage)
        told.push(refusal)
        recorded.push(evidence.id)
      }
      assert.deepEqual(told[0], told[1])
      assert.equal(recorded[1], 'SP-AS-03')
      assert.notEqual(recorded[0], 'SP-AS-03')
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
})

describe('a client assertion', () => {
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
