import assert from 'node:assert/strict'
import { test } from 'node:test'
import { atHash, decodeJwt, verifySignature, type SigningKey } from '@signet/protocol'
import { token } from '../flow/token.ts'
import type { Ports } from '../ports.ts'
import { APP, createStage, ISSUER, RESOURCE, type Stage } from '../testing/index.ts'
import { ALICE, claimsOf, granted, putCode, redemption } from './testing/granted.ts'

/** The key of the service that signed a JWT, found as a client finds it: by its kid among those published. */
function signerOf(jwt: string, { keys }: Ports): SigningKey['kid'] | undefined {
  const decoded = decodeJwt(jwt)
  return keys.published.find(
    (key) => key.kid === decoded.header.kid && verifySignature(decoded, key),
  )?.kid
}

/** Lets clients be registered anew with other members. */
const withApp = (metadata: Readonly<Record<string, unknown>>): Stage => {
  const stage = createStage()
  return { ...stage, app: stage.enrol({ ...APP, ...metadata }, stage.app.key) }
}

test('JAT-01 an access token is a signed JWT of type at+jwt', async () => {
  const stage = createStage()
  const { access_token } = await granted(stage)
  const { header } = decodeJwt(access_token)
  assert.equal(header.typ, 'at+jwt')
  assert.equal(header.alg, 'ES256')
  assert.ok(signerOf(access_token, stage.ports))
})

test('JAT-02 an access token has every required claim, and its key', async () => {
  const stage = createStage()
  const now = stage.clock.now()
  const { access_token } = await granted(stage, { scopes: ['accounts'] })
  const { jti, grant_id, status: _, ...claims } = claimsOf(access_token)
  assert.deepEqual(claims, {
    iss: ISSUER,
    sub: ALICE,
    aud: RESOURCE,
    client_id: 'app',
    iat: now,
    exp: now + 300,
    scope: 'accounts',
    auth_time: now - 30,
    acr: 'urn:signet:acr:password',
    amr: ['pwd'],
    cnf: { jkt: stage.app.dpopKey.kid },
  })
  assert.match(String(jti), /^[\w-]{22}$/)
  assert.match(String(grant_id), /^[\w-]{22}$/)
})

test('JAT-03 what is not known is not claimed', async () => {
  const stage = createStage()
  const form = { grant_type: 'client_credentials' }
  const request = stage.app.request(form, { url: stage.ports.service.endpoints.token })
  const { response } = await token(request, stage.ports)
  assert.deepEqual(Object.keys(claimsOf(response.access_token)).toSorted(), [
    'aud',
    'client_id',
    'cnf',
    'exp',
    'iat',
    'iss',
    'jti',
    'status',
    'sub',
  ])
})

test('JAT-04 the audience follows the resource, or the default; it is neither client nor accident', async () => {
  const stage = createStage()
  const other = 'https://other.example/api'
  assert.equal(claimsOf((await granted(stage)).access_token)['aud'], RESOURCE)
  const { access_token } = await granted(stage, { resources: [other] })
  assert.equal(claimsOf(access_token)['aud'], other)
})

test('JAT-08 an access token cannot be taken for an ID token: another type, another audience', async () => {
  const stage = createStage()
  const { access_token, id_token = '' } = await granted(stage)
  assert.notEqual(decodeJwt(access_token).header.typ, decodeJwt(id_token).header.typ)
  assert.notEqual(claimsOf(access_token)['aud'], claimsOf(id_token)['aud'])
  assert.equal(claimsOf(id_token)['client_id'], undefined)
  assert.equal(claimsOf(id_token)['cnf'], undefined)
})

test('OIDC-01 an ID token says who, to whom, when, how, and in answer to what', async () => {
  const stage = createStage()
  const now = stage.clock.now()
  const nonce = 'n'.repeat(64)
  const { access_token, id_token } = await granted(stage, {}, { nonce })
  assert.deepEqual(claimsOf(id_token), {
    iss: ISSUER,
    sub: ALICE,
    aud: 'app',
    iat: now,
    exp: now + 600,
    nonce,
    auth_time: now - 30,
    acr: 'urn:signet:acr:password',
    amr: ['pwd'],
    sid: 'the session',
    at_hash: atHash(access_token, 'ES256'),
  })
})

test('OIDC-01 no nonce is claimed when none was sent', async () => {
  const { id_token } = await granted(createStage())
  assert.ok(!('nonce' in claimsOf(id_token)))
})

test('OIDC-02 an ID token names the key that signed it, of the algorithm of its client', async () => {
  for (const alg of ['ES256', 'EdDSA']) {
    const stage = withApp({ id_token_signed_response_alg: alg })
    const { id_token = '' } = await granted(stage)
    assert.equal(decodeJwt(id_token).header.alg, alg)
    assert.ok(signerOf(id_token, stage.ports))
  }
})

test('OIDC-13 an ID token tells the claims asked for in it, and no others', async () => {
  const claims =
    '{"id_token":{"email":{"essential":true},"shoe_size":null},"userinfo":{"name":null}}'
  const { id_token } = await granted(createStage(), { scopes: ['openid', 'profile'], claims })
  const told = claimsOf(id_token)
  assert.equal(told['email'], 'alice@example.com')
  for (const claim of ['shoe_size', 'name', 'given_name']) assert.ok(!(claim in told), claim)
})

test('MS-IDT-02 an ID token is signed, whatever the client would like', async () => {
  assert.throws(() => withApp({ id_token_signed_response_alg: 'none' }))
  const stage = createStage()
  const { id_token = '' } = await granted(stage)
  assert.ok(signerOf(id_token, stage.ports))
})

test('SP-CR-06 every credential has at least 128 bits, and secrets have 256', async () => {
  const stage = withApp({ access_token_format: 'opaque' })
  const code = await putCode(stage)
  const dealt: { readonly bits: number; readonly value: string }[] = []
  const random = {
    token: (bits: number) => {
      const value = stage.ports.random.token(bits)
      dealt.push({ bits, value })
      return value
    },
  }
  const request = redemption(stage, stage.app, { code })
  const { response } = await token(request, { ...stage.ports, random })
  const bitsOf = (credential: string): number | undefined =>
    dealt.find(({ value }) => credential.endsWith(value))?.bits
  assert.equal(bitsOf(response.access_token), 256)
  assert.equal(bitsOf(response.refresh_token ?? ''), 256)
  assert.ok(dealt.every(({ bits }) => bits >= 128))
  assert.equal(response.access_token.length, 43)
  assert.equal(response.refresh_token?.length, 22 + 43)
})

test('SP-CR-06 no token and no refresh token is kept, only digests', async () => {
  const stage = withApp({ access_token_format: 'opaque' })
  const kept: unknown[] = []
  const { grants, opaqueTokens } = stage.ports.store
  const store = {
    ...stage.ports.store,
    grants: {
      ...grants,
      put: async (row: Parameters<typeof grants.put>[0]) => void kept.push(row),
    },
    opaqueTokens: {
      ...opaqueTokens,
      put: async (row: Parameters<typeof opaqueTokens.put>[0]) => void kept.push(row),
    },
  }
  const request = redemption(stage, stage.app, { code: await putCode(stage) })
  const { response } = await token(request, { ...stage.ports, store })
  const text = JSON.stringify(kept)
  assert.equal(kept.length, 2)
  assert.ok(!text.includes(response.access_token))
  assert.ok(!text.includes(response.refresh_token?.slice(-43) ?? ''))
})

test('OAU-08 tokens are printable ASCII', async () => {
  for (const access_token_format of ['jwt', 'opaque']) {
    const { access_token, refresh_token = '' } = await granted(withApp({ access_token_format }))
    for (const credential of [access_token, refresh_token])
      assert.match(credential, /^[\x21-\x7E]+$/)
  }
})

test('two tokens of one moment are never the same', async () => {
  const stage = createStage()
  const [one, other] = [await granted(stage), await granted(stage)]
  assert.notEqual(claimsOf(one.access_token)['jti'], claimsOf(other.access_token)['jti'])
  assert.notEqual(one.refresh_token, other.refresh_token)
})
