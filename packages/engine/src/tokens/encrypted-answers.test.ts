import {
  atHash,
  CONTENT_ENCRYPTION,
  decodeJwt,
  decryptJwt,
  generateEncryptionKey,
  KEY_MANAGEMENT,
  verifySignature,
  type DecodedJwt,
  type DecryptionKey,
} from '@signet/protocol'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { push } from '../flow/push.ts'
import { token } from '../flow/token.ts'
import type { UserinfoGiven } from '../outcomes.ts'
import { APP, ASKING, createStage, ISSUER, type Stage } from '../testing/index.ts'
import { ALICE, asking, granted, putCode, redemption, refuses } from './testing/granted.ts'
import { RefusedAtResource } from './refused-at-resource.ts'
import { userinfo } from './userinfo.ts'

const ec = generateEncryptionKey('ECDH-ES')
const rsa = generateEncryptionKey('RSA-OAEP-256')
const keyFor = (alg: string): DecryptionKey => (alg === 'RSA-OAEP-256' ? rsa : ec)

/** A stage whose app has keys to be encrypted to, and is registered as said. */
function stageWith(change: object): Stage {
  const stage = createStage()
  const jwks = { keys: [stage.app.key.publicJwk, ec.publicJwk, rsa.publicJwk] }
  return { ...stage, app: stage.enrol({ ...APP, jwks, ...change }, stage.app.key) }
}

/** What is inside, which only the client can read, and a key of ours has signed. */
async function opened(
  { ports }: Stage,
  jwe: string | undefined,
  key: DecryptionKey = ec,
): Promise<DecodedJwt> {
  assert.equal(jwe?.split('.').length, 5)
  const jwt = decodeJwt(await decryptJwt(jwe ?? '', [key]))
  assert.ok(
    ports.keys.published.some((own) => own.kid === jwt.header.kid && verifySignature(jwt, own)),
  )
  return jwt
}

const jwtOf = ({ body }: UserinfoGiven): string => {
  assert.ok('jwt' in body)
  return body.jwt
}

for (const alg of KEY_MANAGEMENT) {
  for (const enc of CONTENT_ENCRYPTION) {
    describe(`${alg} with ${enc}`, () => {
      const stage = stageWith({
        id_token_encrypted_response_alg: alg,
        id_token_encrypted_response_enc: enc,
        userinfo_signed_response_alg: 'EdDSA',
        userinfo_encrypted_response_alg: alg,
        userinfo_encrypted_response_enc: enc,
      })

      test('OIDC-01 MS-IDT-02 JWT-02 an ID token is signed and then encrypted, at the code and at a refresh', async () => {
        const first = await granted(stage, {}, { nonce: 'n' })
        const { header, claims } = await opened(stage, first.id_token, keyFor(alg))
        assert.equal(header.alg, 'ES256')
        assert.equal(claims['nonce'], 'n')
        assert.equal(claims['at_hash'], atHash(first.access_token, 'ES256'))
        const refreshing = stage.app.request(
          { grant_type: 'refresh_token', refresh_token: first.refresh_token ?? '' },
          { url: stage.ports.service.endpoints.token },
        )
        const { response } = await token(refreshing, stage.ports)
        const next = await opened(stage, response.id_token, keyFor(alg))
        assert.equal(next.claims['sub'], ALICE)
      })

      test('OIDC-11 userinfo is signed and then encrypted', async () => {
        const { access_token } = await granted(stage, { scopes: ['openid'] })
        const given = await userinfo(asking(stage, access_token), stage.ports)
        const { header, claims } = await opened(stage, jwtOf(given), keyFor(alg))
        assert.equal(header.alg, 'EdDSA')
        assert.deepEqual(claims, { sub: ALICE, iss: ISSUER, aud: 'app' })
      })
    })
  }
}

describe('a client that has no key to be encrypted to any more', () => {
  const without = (stage: Stage): Stage['ports'] => ({
    ...stage.ports,
    clients: { ...stage.ports.clients, encryptionKeys: async () => [] },
  })

  test('OIDC-01 gets no ID token in plain text, and no other token with it', async () => {
    const stage = stageWith({ id_token_encrypted_response_alg: 'ECDH-ES' })
    const code = await putCode(stage)
    const request = redemption(stage, stage.app, { code })
    const refused = await refuses(token(request, without(stage)), 'unauthorized_client')
    assert.equal(refused.evidence.reason, 'client_encryption_key_missing')
  })

  test('OIDC-01 has not used its code up, and gets its tokens when it has a key again', async () => {
    const stage = stageWith({ id_token_encrypted_response_alg: 'ECDH-ES' })
    const code = await putCode(stage)
    const redeem = (): ReturnType<typeof redemption> => redemption(stage, stage.app, { code })
    await refuses(token(redeem(), without(stage)), 'unauthorized_client')
    const { response } = await token(redeem(), stage.ports)
    await opened(stage, response.id_token)
  })

  test('OIDC-01 gets what needs no such key', async () => {
    const stage = stageWith({ id_token_encrypted_response_alg: 'ECDH-ES' })
    const code = await putCode(stage, { scopes: ['accounts'] })
    const { response } = await token(redemption(stage, stage.app, { code }), without(stage))
    assert.equal(response.scope, 'accounts')
  })

  test('OIDC-11 gets no userinfo in plain text', async () => {
    const stage = stageWith({
      userinfo_signed_response_alg: 'ES256',
      userinfo_encrypted_response_alg: 'ECDH-ES',
    })
    const { access_token } = await granted(stage)
    const refused = await refuses(
      userinfo(asking(stage, access_token), without(stage)),
      'unauthorized_client',
    )
    assert.equal(refused.evidence.reason, 'client_encryption_key_missing')
    assert.equal(refused instanceof RefusedAtResource, false)
  })
})

test('OIDC-10 an encrypted ID token is no hint, and what was inside is one', async () => {
  const stage = stageWith({ id_token_encrypted_response_alg: 'ECDH-ES' })
  const { id_token = '' } = await granted(stage)
  const hinting = (id_token_hint: string) => stage.app.request({ ...ASKING, id_token_hint })
  await refuses(push(hinting(id_token), stage.ports), 'invalid_request')
  const inner = await decryptJwt(id_token, [ec])
  assert.equal((await push(hinting(inner), stage.ports)).action, 'created')
})
