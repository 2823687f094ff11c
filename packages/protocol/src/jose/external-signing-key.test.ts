import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { test } from 'node:test'
import { createAccessToken } from '../access-token/create.ts'
import { ALGORITHMS } from './algorithms.ts'
import { decodeJwt } from './decode.ts'
import { verificationKeyOf } from './describe-signing-key.ts'
import { generateSigningKey } from './generate-signing-key.ts'
import { signBytes, signJwt } from './sign.ts'
import type { ExternalSigningKey, SigningKey } from './signing-key.ts'
import { verifySignature } from './verify.ts'

/** As a security module would do it: only the input goes in, only the signature comes out. */
function elsewhere({ kid, algorithm, publicJwk, ...key }: SigningKey): ExternalSigningKey {
  const inside = { kid, algorithm, publicJwk, ...key }
  return {
    kid,
    algorithm,
    publicJwk,
    sign: async (input) => signBytes(Buffer.from(input).toString('latin1'), inside),
  }
}

test('SP-CR-02 what is signed elsewhere is the same JWS, by each algorithm', async () => {
  for (const algorithm of ALGORITHMS) {
    const key = generateSigningKey(algorithm)
    const jwt = decodeJwt(await signJwt({ typ: 'x+jwt' }, { sub: 'é' }, elsewhere(key)))
    assert.deepEqual(jwt.header, { typ: 'x+jwt', alg: algorithm, kid: key.kid })
    assert.ok(verifySignature(jwt, verificationKeyOf(elsewhere(key))))
  }
})

test('RFC 7518 §3.4: a security module signs ES256 as R and S', async () => {
  const key = generateSigningKey('ES256')
  const external: ExternalSigningKey = {
    ...elsewhere(key),
    sign: async (input) =>
      sign('sha256', input, { key: key.privateKey, dsaEncoding: 'ieee-p1363' }),
  }
  const jwt = decodeJwt(await signJwt({}, {}, external))
  assert.ok(verifySignature(jwt, verificationKeyOf(key)))
})

test('a key that is here signs at once, one elsewhere is waited for', async () => {
  const key = generateSigningKey('ES256')
  const here: string = signJwt({}, {}, key)
  const there: Promise<string> = signJwt({}, {}, elsewhere(key))
  assert.equal(typeof here, 'string')
  assert.ok(there instanceof Promise)
  await there
})

test('a signer elsewhere signs nothing under an algorithm that is not its own', () => {
  const external = elsewhere(generateSigningKey('ES256'))
  assert.throws(() => signJwt({ alg: 'PS256' }, {}, external), TypeError)
})

test('a signer that fails gives no token', async () => {
  const away = { ...elsewhere(generateSigningKey('ES256')), sign: async () => assert.fail('away') }
  const claims = {
    iss: 'https://as.example',
    sub: 'a',
    aud: 'b',
    client_id: 'c',
    iat: 1,
    exp: 2,
    jti: 'd',
  }
  await assert.rejects(createAccessToken(claims, away), /away/)
})
