import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { sign } from 'node:crypto'
import { test } from 'node:test'
import { unusableJwks } from '../testing/jwt-forge.ts'
import { ALGORITHMS } from './algorithms.ts'
import { isSoundPoint } from './ed25519-point.ts'
import { generateSigningKey } from './generate-signing-key.ts'
import { importPublicJwk } from './keys.ts'
import { parsePublicJwk, thumbprint, UnusableKey } from './public-jwk.ts'

const ec = generateSigningKey('ES256').publicJwk
const rsa = generateSigningKey('PS256').publicJwk
const okp = {
  kty: 'OKP',
  crv: 'Ed25519',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo', // RFC 8037 §A.2
} as const

const unusable = unusableJwks()

function refuses(jwk: unknown, reason?: RegExp): void {
  assert.throws(
    () => importPublicJwk(jwk),
    (error) => {
      assert.ok(error instanceof UnusableKey, String(error))
      if (reason !== undefined) assert.match(error.message, reason)
      return true
    },
  )
}

for (const [title, jwk] of Object.entries(unusable)) {
  test(`JWT-03 refuses ${title}`, () => {
    refuses(jwk)
  })
}

for (const bits of ['1024', '2047'] as const) {
  test(`SP-CR-04 refuses RSA of ${bits} bits and says so`, () => {
    refuses(unusable[`RSA of ${bits} bits`], new RegExp(`${bits} bits`))
  })
}

test('SP-CR-05 takes P-256 and Ed25519 and no other curve', () => {
  assert.deepEqual(importPublicJwk(ec).algorithms, ['ES256'])
  assert.deepEqual(importPublicJwk(okp).algorithms, ['EdDSA', 'Ed25519'])
  refuses({ ...ec, crv: 'P-192' }, /P-256/)
  refuses({ ...okp, crv: 'Ed448' }, /Ed25519/)
  refuses({ ...ec, crv: 'p-256' })
})

for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']) {
  test(`DPOP-PRF-07 refuses a key with the member ${member}, whatever its value`, () => {
    refuses({ ...ec, [member]: 'AQ' }, new RegExp(`private member ${member}`))
    refuses({ ...rsa, [member]: undefined }, new RegExp(`private member ${member}`))
  })
}

test('JWT-03 refuses members of wrong types and other spellings of the same bytes', () => {
  for (const x of [undefined, null, 1, {}, [ec.kty], '', `${okp.x}=`, `${okp.x}A`, ` ${okp.x}`]) {
    refuses({ ...okp, x })
  }
  const bits = Buffer.alloc(32).toString('base64url').slice(0, -1)
  refuses({ ...okp, x: `${bits}B` }, /canonical/)
  refuses({ ...rsa, n: Buffer.alloc(256, 0xfe).toString('base64url') }, /n is even/)
  refuses(unusable['a coordinate of 31 bytes'], /x is not 32 bytes long/)
  for (const jwk of [undefined, null, 'key', 1, [], [ec]]) refuses(jwk, /JSON object/)
  for (const kty of ['ec', 'RSA ', 'oct', undefined, 1]) refuses({ ...ec, kty }, /kty/)
})

test('JWT-01 ties algorithms to kinds of key, and refuses keys for another use', () => {
  refuses({ ...ec, alg: 'ES512' }, /ES256/)
  refuses({ ...ec, alg: 'PS256' }, /ES256/)
  refuses({ ...rsa, alg: 'RS256' }, /PS256/)
  refuses({ ...rsa, alg: 'RSA-OAEP-256' }, /PS256/)
  refuses({ ...okp, alg: 'ES256' }, /EdDSA/)
  refuses({ ...ec, use: 'enc' }, /use/)
  refuses({ ...ec, key_ops: ['sign'] }, /key_ops/)
  refuses({ ...ec, key_ops: 'verify' }, /key_ops/)
  refuses({ ...ec, kid: 1 }, /kid/)
})

test('a key keeps its name, and members that are not its own do not matter', () => {
  const key = importPublicJwk({
    ...ec,
    kid: 'k1',
    key_ops: ['verify'],
    x5c: ['?'],
    jku: 'https://x',
  })
  assert.equal(key.kid, 'k1')
  assert.equal(key.kty, 'EC')
  assert.equal(importPublicJwk(parsePublicJwk(ec)).kid, undefined)
})

test('DPOP-PRF-14 the thumbprint is that of RFC 7638, whatever else the key has', () => {
  // RFC 7638 §3.1
  const example = {
    kty: 'RSA',
    n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
    e: 'AQAB',
    alg: 'PS256',
    kid: '2011-04-29',
  }
  assert.equal(importPublicJwk(example).thumbprint, 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
  // RFC 8037 §A.3
  assert.equal(thumbprint(okp), 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
})

test('JWT-03 knows the Ed25519 points under which a forged signature verifies', () => {
  // (R, S) = (identity, 0) is a signature by the identity over every message.
  const points = [
    '0100000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000080',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0000000000000000000000000000000000000000000000000000000000000080',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    // the same, not reduced
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  ]
  for (const point of points) assert.ok(!isSoundPoint(Buffer.from(point, 'hex')), point)
  assert.ok(isSoundPoint(Buffer.from(okp.x, 'base64url')))
})

test('SP-CR-02 makes keys for each algorithm of the profile, named by their thumbprint', () => {
  for (const algorithm of ALGORITHMS) {
    const key = generateSigningKey(algorithm)
    const imported = importPublicJwk(key.publicJwk)
    assert.equal(key.kid, imported.thumbprint)
    assert.equal(imported.kid, key.kid)
    assert.ok(imported.algorithms.includes(algorithm))
    assert.equal(key.publicJwk.use, 'sig')
    assert.ok(!('d' in key.publicJwk))
    assert.ok(sign(null, Buffer.from('x'), key.privateKey).length >= 64)
  }
})
