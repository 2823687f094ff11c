import {
  CONTENT_ENCRYPTION,
  decodeJwt,
  decryptJwt,
  generateEncryptionKey,
  KEY_MANAGEMENT,
  verifySignature,
  type DecodedJwt,
} from '@signet/protocol'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { push } from '../flow/push.ts'
import { token } from '../flow/token.ts'
import {
  APP,
  ASKING,
  createStage,
  ISSUER,
  RESOURCE,
  type Actor,
  type Stage,
} from '../testing/index.ts'
import { acceptsJwt, introspect } from './introspect.ts'
import { revoke } from './revoke.ts'
import { ALICE, granted, refuses, tokenRequest } from './testing/granted.ts'

const JWT = 'application/token-introspection+jwt'
const INACTIVE = { active: false }

/** The API whose tokens these are, as the configuration names it. */
const apiOf = (stage: Stage, change: object = {}): Actor =>
  stage.enrol({ client_id: 'api', grant_types: [], scope: '', ...change }, stage.app.key)

async function asked({ ports }: Stage, actor: Actor, subject: string | undefined): Promise<string> {
  const request = { ...actor.request({ token: subject ?? '' }), accept: JWT }
  const { body } = await introspect(request, ports)
  assert.ok('jwt' in body, JSON.stringify(body))
  return body.jwt
}

/** A response that a key of ours has signed. */
function signed({ ports }: Stage, response: string): DecodedJwt {
  const jwt = decodeJwt(response)
  const { kid } = jwt.header
  assert.ok(ports.keys.published.some((key) => key.kid === kid && verifySignature(jwt, key)))
  return jwt
}

describe('the form of the answer', () => {
  const accepted: Readonly<Record<string, boolean>> = {
    [JWT]: true,
    'APPLICATION/Token-Introspection+JWT': true,
    [`${JWT};q=0.5, application/json;q=0.1`]: true,
    [`application/json,${JWT}`]: true,
    [`  ${JWT} ; charset=utf-8`]: true,
    '': false,
    '*/*': false,
    'application/*': false,
    'application/json': false,
    'application/jwt': false,
    'token-introspection+jwt': false,
    [`${JWT}x`]: false,
    [`x${JWT}`]: false,
    [`${JWT};q=0`]: false,
    [`application/json, ${JWT} ; Q=0.000`]: false,
  }
  for (const [accept, expected] of Object.entries(accepted)) {
    test(`INT-05 is ${expected ? 'a JWT' : 'JSON'} for who accepts ${accept || 'nothing'}`, async () => {
      assert.equal(acceptsJwt({ accept }), expected)
      const stage = createStage()
      const { access_token } = await granted(stage)
      const request = { ...apiOf(stage).request({ token: access_token }), accept }
      const { body } = await introspect(request, stage.ports)
      assert.equal('jwt' in body, expected)
    })
  }

  test('INT-05 is JSON for who says nothing', async () => {
    assert.equal(acceptsJwt({}), false)
  })
})

describe('a signed answer', () => {
  test('INT-06 MS-INT-01 says who tells whom, when, and in a member of its own what', async () => {
    const stage = createStage()
    const now = stage.clock.now()
    const { access_token } = await granted(stage)
    const { header, claims } = signed(stage, await asked(stage, apiOf(stage), access_token))
    assert.deepEqual([header.typ, header.alg], ['token-introspection+jwt', 'ES256'])
    const { token_introspection, ...about } = claims
    assert.deepEqual(about, { iss: ISSUER, aud: 'api', iat: now })
    const { jti: _, ...told } = { jti: '', ...Object(token_introspection) }
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
  })

  test('INT-06 tells the same as the plain one', async () => {
    const stage = createStage()
    const { access_token, refresh_token } = await granted(stage)
    for (const [actor, subject] of [
      [apiOf(stage), access_token],
      [stage.app, access_token],
      [stage.app, refresh_token],
    ] as const) {
      const { claims } = signed(stage, await asked(stage, actor, subject))
      const { body } = await introspect(actor.request({ token: subject ?? '' }), stage.ports)
      assert.ok('json' in body)
      assert.deepEqual(claims['token_introspection'], body.json)
    }
  })

  test('INT-07 INT-02 says of a token that is over, made up or of another kind that it is inactive, and no more', async () => {
    const stage = createStage()
    const api = apiOf(stage)
    const { access_token, id_token, refresh_token = '' } = await granted(stage)
    await revoke(stage.app.request({ token: refresh_token }), stage.ports)
    const { access_token: old } = await granted(stage)
    stage.clock.advance(300)
    for (const subject of [
      access_token,
      old,
      refresh_token,
      id_token,
      'made up',
      'no.jwt.at-all',
      stage.app.assertion(),
      await asked(stage, api, access_token),
    ]) {
      const { claims } = signed(stage, await asked(stage, api, subject))
      assert.deepEqual(claims['token_introspection'], INACTIVE)
      assert.deepEqual(Object.keys(claims), ['iss', 'aud', 'iat', 'token_introspection'])
    }
  })

  test('INT-09 MS-INT-01 is signed with the algorithm of the API, or ours; RS256 is not among them', async () => {
    for (const [alg, expected] of [
      [undefined, 'ES256'],
      ['EdDSA', 'EdDSA'],
      ['Ed25519', 'Ed25519'],
    ] as const) {
      const stage = createStage()
      const api = apiOf(stage, alg === undefined ? {} : { introspection_signed_response_alg: alg })
      const { header } = signed(stage, await asked(stage, api, 'x'))
      assert.equal(header.alg, expected)
    }
    for (const alg of ['RS256', 'none'])
      assert.throws(() => apiOf(createStage(), { introspection_signed_response_alg: alg }))
  })

  test('INT-01 is given to nobody who is not known', async () => {
    const stage = createStage()
    const { access_token } = await granted(stage)
    const request = stage.app.request({ token: access_token, client_assertion: '' })
    await refuses(
      introspect({ ...request, accept: JWT }, stage.ports),
      'invalid_client',
      'SP-AS-06',
    )
  })
})

describe('who may learn about a token', () => {
  test('MS-INT-04 INT-04 an API learns of tokens for itself only, and of its own scopes', async () => {
    const stage = createStage()
    const api = apiOf(stage)
    const other = apiOf(stage, { client_id: 'other-api' })
    const { access_token } = await granted(stage, {
      scopes: ['openid', 'profile', 'accounts', 'offline_access'],
    })
    const elsewhere = await granted(stage, { resources: ['https://other.example/api'] })
    const mine = signed(stage, await asked(stage, api, access_token)).claims
    assert.equal(Object(mine['token_introspection']).scope, 'accounts')
    for (const [actor, subject] of [
      [other, access_token],
      [api, elsewhere.access_token],
      [other, elsewhere.access_token],
    ] as const) {
      const { claims } = signed(stage, await asked(stage, actor, subject))
      assert.deepEqual(claims['token_introspection'], INACTIVE)
    }
  })

  test('MS-INT-04 an ordinary client is no API: of what is not its own it learns nothing, in no form', async () => {
    const stage = createStage()
    const { access_token, refresh_token } = await granted(stage)
    const curious = stage.enrol({ ...APP, client_id: 'curious' })
    for (const subject of [access_token, refresh_token]) {
      const { claims } = signed(stage, await asked(stage, curious, subject))
      assert.deepEqual(claims['token_introspection'], INACTIVE)
      const { body } = await introspect(curious.request({ token: subject ?? '' }), stage.ports)
      assert.deepEqual(body, { json: INACTIVE })
    }
  })

  test('MS-INT-04 an API that has an access token of its own learns nothing by it of others', async () => {
    const stage = createStage()
    const machine = apiOf(stage, { client_id: 'machine', grant_types: ['client_credentials'] })
    const form = { grant_type: 'client_credentials' }
    const { response } = await token(tokenRequest(stage, machine, form), stage.ports)
    const { access_token } = await granted(stage)
    const bearer = {
      ...machine.request({ token: access_token, client_assertion: '' }),
      authorization: [`DPoP ${response.access_token}`],
      accept: JWT,
    }
    await refuses(introspect(bearer, stage.ports), 'invalid_client')
  })

  test('INT-04 an API needs no grant, and with none its credentials are good for nothing else', async () => {
    const stage = createStage()
    const api = apiOf(stage)
    const { access_token } = await granted(stage)
    assert.ok(signed(stage, await asked(stage, api, access_token)))
    await refuses(push(api.request(ASKING), stage.ports), 'unauthorized_client', 'PAR-03')
    for (const grant_type of ['client_credentials', 'authorization_code', 'refresh_token']) {
      const request = tokenRequest(stage, api, { grant_type, code: 'x', refresh_token: 'x' })
      await refuses(token(request, stage.ports), 'unauthorized_client', 'SP-AS-15')
    }
    const revoking = api.request({ token: access_token })
    await refuses(revoke(revoking, stage.ports), 'invalid_grant', 'REV-01')
  })
})

describe('an encrypted answer', () => {
  for (const alg of KEY_MANAGEMENT) {
    for (const enc of CONTENT_ENCRYPTION) {
      test(`INT-08 INT-09 is signed first, and then encrypted by ${alg} with ${enc}`, async () => {
        const stage = createStage()
        const key = generateEncryptionKey(alg === 'RSA-OAEP-256' ? alg : 'ECDH-ES')
        const api = apiOf(stage, {
          jwks: { keys: [stage.app.key.publicJwk, key.publicJwk] },
          introspection_encrypted_response_alg: alg,
          introspection_encrypted_response_enc: enc,
        })
        const { access_token } = await granted(stage)
        const response = await asked(stage, api, access_token)
        assert.equal(response.split('.').length, 5)
        const { header, claims } = signed(stage, await decryptJwt(response, [key]))
        assert.equal(header.typ, 'token-introspection+jwt')
        assert.equal(Object(claims['token_introspection']).active, true)
      })
    }
  }

  test('INT-08 is given whatever the request accepts: a proxy on the way could ask for the plain one', async () => {
    const stage = createStage()
    const key = generateEncryptionKey('ECDH-ES')
    const api = apiOf(stage, {
      jwks: { keys: [stage.app.key.publicJwk, key.publicJwk] },
      introspection_encrypted_response_alg: 'ECDH-ES',
    })
    const { access_token } = await granted(stage)
    for (const accept of [undefined, '*/*', 'application/json', `${JWT};q=0`]) {
      const request = api.request({ token: access_token })
      const { body } = await introspect({ ...request, ...(accept && { accept }) }, stage.ports)
      assert.ok('jwt' in body, accept ?? 'nothing')
      const { claims } = signed(stage, await decryptJwt(body.jwt, [key]))
      assert.equal(Object(claims['token_introspection']).active, true)
    }
  })

  test('INT-08 is refused, and nothing is told, when the API has no key to encrypt to any more', async () => {
    const stage = createStage()
    const key = generateEncryptionKey('ECDH-ES')
    const api = apiOf(stage, {
      jwks: { keys: [stage.app.key.publicJwk, key.publicJwk] },
      introspection_encrypted_response_alg: 'ECDH-ES',
    })
    const { access_token } = await granted(stage)
    const clients = { ...stage.ports.clients, encryptionKeys: async () => [] }
    const request = { ...api.request({ token: access_token }), accept: JWT }
    const refused = await refuses(
      introspect(request, { ...stage.ports, clients }),
      'unauthorized_client',
    )
    assert.equal(refused.evidence.reason, 'client_encryption_key_missing')
  })
})
