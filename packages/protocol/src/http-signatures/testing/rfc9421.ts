import { createPrivateKey, createPublicKey } from 'node:crypto'
import { describeSigningKey } from '../../jose/describe-signing-key.ts'
import { importPublicJwk, type VerificationKey } from '../../jose/keys.ts'
import type { SigningKey } from '../../jose/signing-key.ts'
import type { HttpRequest, HttpResponse } from '../message.ts'

// Keys and messages of RFC 9421, appendix B.1 and B.2.

const publicKey = (body: string, kid: string): VerificationKey => {
  const pem = `-----BEGIN PUBLIC KEY-----\n${body}\n-----END PUBLIC KEY-----\n`
  return importPublicJwk({ ...createPublicKey(pem).export({ format: 'jwk' }), kid })
}

/** @see RFC 9421 appendix B.1.2 */
export const RSA_PSS: VerificationKey = publicKey(
  `MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2
+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+
oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq
gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W
Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4
aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI
2wIDAQAB`,
  'test-key-rsa-pss',
)

/** @see RFC 9421 appendix B.1.3 */
export const ECC_P256: VerificationKey = publicKey(
  `MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==`,
  'test-key-ecc-p256',
)

/** @see RFC 9421 appendix B.1.4 */
export const ED25519_PRIVATE: SigningKey = describeSigningKey(
  createPrivateKey({
    key: {
      kty: 'OKP',
      crv: 'Ed25519',
      d: 'n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU',
      x: 'JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs',
    },
    format: 'jwk',
  }),
  'Ed25519',
)
export const ED25519: VerificationKey = importPublicJwk({
  ...ED25519_PRIVATE.publicJwk,
  kid: 'test-key-ed25519',
})

export const KEYS: readonly VerificationKey[] = [RSA_PSS, ECC_P256, ED25519]

export const REQUEST_DIGEST =
  'sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:'
export const RESPONSE_DIGEST =
  'sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:'
export const REQUEST_BODY = '{"hello": "world"}'
export const RESPONSE_BODY = '{"message": "good dog"}'

/** @see RFC 9421 appendix B.2 */
export const TEST_REQUEST: HttpRequest = {
  method: 'POST',
  targetUri: 'https://example.com/foo?param=Value&Pet=dog',
  headers: [
    'Host',
    'example.com',
    'Date',
    'Tue, 20 Apr 2021 02:07:55 GMT',
    'Content-Type',
    'application/json',
    'Content-Digest',
    REQUEST_DIGEST,
    'Content-Length',
    '18',
  ],
}

/** @see RFC 9421 appendix B.2 */
export const TEST_RESPONSE: HttpResponse = {
  status: 200,
  headers: [
    'Date',
    'Tue, 20 Apr 2021 02:07:56 GMT',
    'Content-Type',
    'application/json',
    'Content-Digest',
    RESPONSE_DIGEST,
    'Content-Length',
    '23',
  ],
  request: TEST_REQUEST,
}
