import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { generateSigningKey } from '@signet/protocol'
import { forge } from '@signet/protocol/testing'
import type { GuardOptions } from './options.ts'
import { API, createStage, ISSUER, type Stage } from './testing/stage.ts'

const { issuer: base } = createStage()
const TRUSTED = { ...base.trusted, tokenFormat: 'plain-jwt' } as const

/** A guard that takes plain JWTs of the issuer of this file. */
const plain = (change: Partial<GuardOptions> = {}): Stage =>
  createStage({ issuer: TRUSTED, ...change })

/** A token of a foreign issuer, bound to the key of the client. */
function token(stage: Stage, claims: object = {}, header: object = {}): string {
  const { now } = stage.clock
  return forge(
    { alg: 'ES256', kid: base.key.kid, typ: 'JWT', ...header },
    {
      iss: ISSUER,
      sub: 'alice',
      aud: API,
      azp: 'app',
      scope: 'accounts',
      iat: now,
      exp: now + 300,
      cnf: { jkt: stage.issuer.clientKey.kid },
      ...claims,
    },
    base.key,
  )
}

test('JAT-01 a plain JWT is taken from an issuer that was said to write some, and from no other', async () => {
  const stage = plain()
  for (const typ of ['JWT', 'at+jwt', undefined]) {
    const request = stage.issuer.request({ token: token(stage, {}, { typ }) })
    const granted = await stage.granted(request, { requireScopes: ['accounts'] })
    assert.equal(granted.token?.['client_id'], 'app')
  }
  const strict = createStage({ issuer: base.trusted })
  const { event } = await strict.refused(strict.issuer.request({ token: token(strict) }))
  assert.equal(event.reason, 'access_token_typ')
})

test('a plain JWT that was verified before is remembered with its client', async () => {
  const stage = plain()
  const same = token(stage)
  for (let time = 0; time < 2; time += 1) {
    const granted = await stage.granted(stage.issuer.request({ token: same }))
    assert.equal(granted.token?.['client_id'], 'app')
  }
})

describe('where plain JWTs are taken, what is refused is', () => {
  const refused: Readonly<Record<string, readonly [object, object, string]>> = {
    'JWT-09 an ID token': [{ nonce: 'x', at_hash: 'y' }, {}, 'plain_token_kind'],
    'JWT-09 an ID token for the client': [{ aud: 'app' }, {}, 'access_token_aud'],
    'JWT-09 a proof': [{}, { typ: 'dpop+jwt' }, 'plain_token_typ'],
    'JAT-02 a token without scope': [{ scope: undefined }, {}, 'plain_token_claims'],
    'SP-CR-02 a token signed with RS256': [{}, { alg: 'RS256' }, 'access_token_alg'],
    'SP-RS-05 a token that is bound to no key': [{ cnf: undefined }, {}, 'token_unbound'],
    'SP-CR-03 a token with alg none': [{}, { alg: 'none' }, 'access_token_alg'],
    'SP-RS-03 an expired token': [{ exp: 1 }, {}, 'access_token_expired'],
    'SP-RS-03 a token for tomorrow': [{ nbf: 1_900_000_000 }, {}, 'access_token_expired'],
    'SP-RS-03 a token without end': [{ exp: undefined }, {}, 'plain_token_claims'],
    'JWT-07 a token of another issuer': [{ iss: 'https://evil.example' }, {}, 'access_token_iss'],
    'RES-04 a token for another API': [{ aud: ['account'] }, {}, 'access_token_aud'],
    'RES-04 a token for nobody': [{ aud: undefined }, {}, 'access_token_aud'],
  }
  for (const [title, [claims, header, reason]] of Object.entries(refused)) {
    test(title, async () => {
      const stage = plain()
      const request = stage.issuer.request({ token: token(stage, claims, header) })
      const { status, event } = await stage.refused(request)
      assert.deepEqual([status, event.reason], [401, reason])
    })
  }
  test('JAT-05 a token of another key', async () => {
    const stage = plain({
      issuer: { ...TRUSTED, jwks: { keys: [generateSigningKey('ES256').publicJwk] } },
    })
    const { event } = await stage.refused(stage.issuer.request({ token: token(stage) }))
    assert.equal(event.reason, 'access_token_signature')
  })
  test('JAT-05 what is no JWT', async () => {
    const { event } = await plain().refused(base.request({ token: 'opaque' }))
    assert.equal(event.reason, 'access_token_malformed')
  })
})

test('a token format nobody knows is refused at the start', () => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what JavaScript may pass
  const tokenFormat = 'any' as 'plain-jwt'
  assert.throws(() => plain({ issuer: { ...TRUSTED, tokenFormat } }), /tokenFormat/)
})
