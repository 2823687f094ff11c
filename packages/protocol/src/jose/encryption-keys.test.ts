import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { unusableJwks } from '../testing/jwt-forge.ts'
import {
  CONTENT_ENCRYPTION,
  isContentEncryption,
  isKeyManagement,
  KEY_MANAGEMENT,
} from './encryption-algorithms.ts'
import { importEncryptionJwk, importEncryptionKeys } from './encryption-keys.ts'
import { generateEncryptionKey } from './generate-encryption-key.ts'
import { generateSigningKey } from './generate-signing-key.ts'
import { importJwks } from './jwks.ts'
import { UnusableKey } from './public-jwk.ts'

const rsa = generateEncryptionKey('RSA-OAEP-256').publicJwk
const ec = generateEncryptionKey('ECDH-ES').publicJwk
const bare = { ...ec, use: undefined }
const curve = (namedCurve: string): object =>
  generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'jwk' })
const x25519 = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' })
const agreement = ['ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A256KW']

function refuses(jwk: unknown, reason?: RegExp): void {
  assert.throws(
    () => importEncryptionJwk(jwk),
    (error) => {
      assert.ok(error instanceof UnusableKey, String(error))
      if (reason !== undefined) assert.match(error.message, reason)
      return true
    },
  )
}

test('JWT-01 of all algorithms of JWE eight are known, and none with a shared secret or PKCS #1 v1.5', () => {
  assert.equal(KEY_MANAGEMENT.length, 4)
  assert.equal(CONTENT_ENCRYPTION.length, 4)
  for (const alg of KEY_MANAGEMENT) assert.ok(isKeyManagement(alg))
  for (const enc of CONTENT_ENCRYPTION) assert.ok(isContentEncryption(enc))
  const foreign = ['RSA1_5', 'RSA-OAEP', 'RSA-OAEP-512', 'dir', 'none', 'A128KW', 'A256GCMKW']
  foreign.push('PBES2-HS256+A128KW', 'ECDH-ES+A192KW', 'ecdh-es', 'ECDH-1PU', 'HPKE-0', '')
  for (const alg of [...foreign, undefined, ['ECDH-ES']]) assert.ok(!isKeyManagement(alg))
  const contents = ['A192GCM', 'A192CBC-HS384', 'a128gcm', 'none', undefined, ['A128GCM']]
  for (const enc of contents) assert.ok(!isContentEncryption(enc))
})

const usable = ['curve P-384', 'curve P-521', 'X25519']
for (const [title, jwk] of Object.entries(unusableJwks())) {
  test(`JWT-03 ${usable.includes(title) ? 'encrypts to' : 'does not encrypt to'} ${title}`, () => {
    if (usable.includes(title)) assert.deepEqual(importEncryptionJwk(jwk).algorithms, agreement)
    else refuses(jwk)
  })
}

test('JWT-03 the coordinates are as long as those of the curve, and on it', () => {
  for (const namedCurve of ['P-256', 'P-384', 'P-521']) {
    const good = curve(namedCurve)
    importEncryptionJwk(good)
    refuses({ ...good, y: Buffer.alloc(65).toString('base64url') }, /y is not \d\d bytes long/)
  }
  const { y } = { y: '', ...curve('P-384') }
  refuses({ ...curve('P-384'), y }, /on the curve/)
  refuses({ ...curve('P-384'), crv: 'P-256' }, /x is not 32 bytes long/)
  refuses({ ...x25519, x: Buffer.alloc(31).toString('base64url') }, /x is not 32 bytes long/)
})

test('JWT-03 encrypts to P-256, P-384, P-521 and X25519, and to no other curve', () => {
  for (const crv of ['P-192', 'secp256k1', 'p-256', 'X25519', undefined, ['P-256']]) {
    refuses({ ...ec, crv }, /crv of this EC key must be P-256 or P-384 or P-521/)
  }
  const ed25519 = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })
  refuses(ed25519, /crv of this OKP key must be X25519/)
  refuses({ ...x25519, crv: 'X448' }, /must be X25519/)
})

test('JWT-03 refuses X25519 points with which everybody agrees on the same secret', () => {
  const points = [
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ]
  for (const point of points) {
    const x = Buffer.from(point, 'hex').toString('base64url')
    refuses({ kty: 'OKP', crv: 'X25519', x }, /not a point fit/)
  }
})

for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']) {
  test(`refuses to encrypt to a key with the member ${member}, whatever its value`, () => {
    refuses({ ...ec, [member]: 'AQ' }, new RegExp(`private member ${member}`))
    refuses({ ...rsa, [member]: undefined }, new RegExp(`private member ${member}`))
  })
}

test('JWT-01 ties algorithms to kinds of key, and refuses keys for another use', () => {
  assert.deepEqual(importEncryptionJwk(rsa).algorithms, ['RSA-OAEP-256'])
  assert.deepEqual(importEncryptionJwk({ ...rsa, alg: undefined }).algorithms, ['RSA-OAEP-256'])
  assert.deepEqual(importEncryptionJwk(bare).algorithms, agreement)
  const narrow = importEncryptionJwk({ ...ec, alg: 'ECDH-ES+A256KW' })
  assert.deepEqual(narrow.algorithms, ['ECDH-ES+A256KW'])
  for (const alg of ['RSA-OAEP', 'RSA1_5', 'PS256', 'RS256', 'ECDH-ES']) {
    refuses({ ...rsa, alg }, /alg of this RSA key must be RSA-OAEP-256/)
  }
  for (const alg of ['ES256', 'ECDH-ES+A192KW', 'RSA-OAEP-256', '', 1, null]) {
    refuses({ ...bare, alg }, /alg of this EC key must be ECDH-ES or/)
  }
  for (const use of ['sig', 'ENC', '', null]) refuses({ ...ec, use }, /use is not enc/)
  refuses({ ...ec, kid: 1 }, /kid/)
  for (const jwk of [undefined, null, 'key', 1, [], [ec]]) refuses(jwk, /JSON object/)
})

test('key_ops decides where it is, and the empty list of WebCrypto is one for a key agreement', () => {
  for (const operations of [['encrypt'], ['wrapKey'], ['verify', 'encrypt']]) {
    importEncryptionJwk({ ...rsa, key_ops: operations })
  }
  for (const operations of [['deriveKey'], ['deriveBits'], []]) {
    importEncryptionJwk({ ...bare, key_ops: operations })
    importEncryptionJwk({ ...x25519, key_ops: operations })
  }
  for (const operations of [['verify'], ['deriveBits'], [], 'encrypt', null]) {
    refuses({ ...rsa, key_ops: operations }, /key_ops/)
  }
  for (const operations of [['verify'], ['encrypt'], 'deriveBits', { length: 0 }]) {
    refuses({ ...bare, key_ops: operations }, /key_ops/)
  }
})

test('JWT-09 of a set with both kinds each side takes its own keys and says why not the others', () => {
  const signing = generateSigningKey('ES256').publicJwk
  const signingRsa = generateSigningKey('PS256').publicJwk
  const others = [{ ...curve('P-384'), use: 'enc' }, { ...curve('P-521') }, { ...x25519 }]
  const jwks = { keys: [signing, ec, signingRsa, rsa, ...others] }
  const toVerify = importJwks(jwks)
  assert.deepEqual(
    toVerify.keys.map(({ kid }) => kid),
    [signing.kid, signingRsa.kid],
  )
  assert.equal(toVerify.ignored.length, 5)
  const toEncrypt = importEncryptionKeys(jwks)
  assert.deepEqual(
    toEncrypt.keys.map(({ kid }) => kid),
    [ec.kid, rsa.kid, undefined, undefined, undefined],
  )
  assert.match(toEncrypt.ignored.join('\n'), /key 0 .*use is not enc\nkey 2 .*use is not enc/)
})

test('a key that is for encryption alone comes before one that may be for signatures too', () => {
  const { keys } = importEncryptionKeys({ keys: [{ ...bare, kid: 'both' }, ec, x25519, rsa] })
  assert.deepEqual(
    keys.map(({ kid }) => kid),
    [ec.kid, rsa.kid, 'both', undefined],
  )
})

for (const jwks of [undefined, null, 'keys', [], [ec], {}, { keys: {} }, { keys: null }, ec]) {
  test(`${JSON.stringify(jwks)?.slice(0, 30) ?? 'nothing'} is no set of keys to encrypt to`, () => {
    assert.throws(() => importEncryptionKeys(jwks), UnusableKey)
  })
}
