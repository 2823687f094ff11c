import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import * as jose from 'jose'
import { contentKeyOf, seal } from '../testing/jwe-forge.ts'
import { decodeJwt, MalformedJwt } from './decode.ts'
import { decryptJwt, isEncryptedJwt, type AgreedEncryption } from './decrypt.ts'
import { importDecryptionJwk } from './decryption-jwk.ts'
import type { DecryptionKey } from './decryption-key.ts'
import { encryptJwt, NoEncryptionKey } from './encrypt.ts'
import { CONTENT_ENCRYPTION, KEY_MANAGEMENT, type KeyManagement } from './encryption-algorithms.ts'
import { importEncryptionKeys } from './encryption-keys.ts'
import { generateEncryptionKey } from './generate-encryption-key.ts'
import { generateSigningKey } from './generate-signing-key.ts'
import { signJwt } from './sign.ts'
import { Undecryptable } from './undecryptable.ts'

const ec = generateEncryptionKey('ECDH-ES')
const rsa = generateEncryptionKey('RSA-OAEP-256')
const keys = [ec, rsa]
const jws = signJwt({ typ: 'x+jwt' }, { sub: 'alice' }, generateSigningKey('ES256'))

const publicKeys = (...some: readonly DecryptionKey[]): ReturnType<typeof importEncryptionKeys> =>
  importEncryptionKeys({ keys: some.map(({ publicJwk }) => publicJwk) })

/** A sound JWE but for what its header or its content says. */
async function forge(
  header: Partial<jose.CompactJWEHeaderParameters>,
  content: string = jws,
  key: jose.KeyInput = { ...ec.publicJwk },
): Promise<string> {
  const { crit = [] } = header
  const critical = Object.fromEntries(crit.map((member) => [member, true]))
  return new jose.CompactEncrypt(Buffer.from(content))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A128GCM', cty: 'JWT', ...header })
    .encrypt(key, { crit: critical })
}

/** A JWE with another header, which its tag does not cover. */
const withHeader = (jwe: string, header: object | string): string => {
  const text = typeof header === 'string' ? header : JSON.stringify(header)
  return [Buffer.from(text).toString('base64url'), ...jwe.split('.').slice(1)].join('.')
}
const withPart = (jwe: string, at: number, part: string): string =>
  jwe.split('.').with(at, part).join('.')

async function refuses(
  jwe: string,
  reason: RegExp,
  { readers = keys, ...agreed }: AgreedEncryption & { readers?: readonly DecryptionKey[] } = {},
): Promise<void> {
  await assert.rejects(decryptJwt(jwe, readers, agreed), (error) => {
    assert.ok(error instanceof Undecryptable, String(error))
    assert.match(error.reason, reason)
    assert.match(error.reason, /^[\x20-\x7E]{1,1000}$/)
    assert.equal(error.message, 'the encrypted JWT cannot be decrypted')
    assert.deepEqual(Object.keys(error).toSorted(), ['name', 'reason'])
    assert.equal(error.cause, undefined)
    assert.ok(!error.reason.includes('alice') && !error.reason.includes(jws.slice(0, 20)))
    return true
  })
}

for (const alg of KEY_MANAGEMENT) {
  for (const enc of CONTENT_ENCRYPTION) {
    test(`INT-08 what is signed is encrypted with ${alg} and ${enc}, and comes out as it was`, async () => {
      const jwe = await encryptJwt(jws, { alg, enc, ...publicKeys(...keys) })
      assert.ok(isEncryptedJwt(jwe))
      assert.equal(await decryptJwt(jwe, keys), jws)
      const { kid } = alg === 'RSA-OAEP-256' ? rsa : ec
      const { epk: _epk, ...header } = jose.decodeProtectedHeader(jwe)
      assert.deepEqual(header, { alg, enc, kid, cty: 'JWT' })
    })
  }
}

test('the first key of the reader that fits the algorithm is taken, and without one nothing is encrypted', async () => {
  const second = generateEncryptionKey('ECDH-ES')
  const request = { alg: 'ECDH-ES', enc: 'A128GCM' } as const
  const jwe = await encryptJwt(jws, { ...request, ...publicKeys(rsa, ec, second) })
  assert.equal(jose.decodeProtectedHeader(jwe).kid, ec.kid)
  await assert.rejects(encryptJwt(jws, { ...request, ...publicKeys(rsa) }), NoEncryptionKey)
  await assert.rejects(encryptJwt(jws, { ...request, keys: [] }), NoEncryptionKey)
  const nameless = importEncryptionKeys({ keys: [{ ...ec.publicJwk, kid: undefined }] })
  const header = jose.decodeProtectedHeader(await encryptJwt(jws, { ...request, ...nameless }))
  assert.ok(!('kid' in header))
})

test('five parts make an encrypted JWT, and no other number', () => {
  for (const text of ['....', 'a.b.c.d.e', jws.replace('.', '...')]) assert.ok(isEncryptedJwt(text))
  for (const text of ['', jws, '...', '.....', '.'.repeat(1_000_000)]) {
    assert.ok(!isEncryptedJwt(text))
  }
})

test('JWT-09 a signed JWT is no encrypted one, and the reverse', async () => {
  await refuses(jws, /five parts/)
  const jwe = await forge({})
  assert.throws(() => decodeJwt(jwe), MalformedJwt)
})

for (const text of [
  '',
  '.',
  '....',
  '.....',
  'AA.AA.AA.AA.AA',
  'a.b.c.d.e.f',
  '{"ciphertext":"AA"}',
]) {
  test(`refuses to decrypt ${JSON.stringify(text)}`, async () => {
    await refuses(text, /five parts|the header is/)
  })
}

test('refuses what is longer than any nested JWT, and reads none of it', async () => {
  const large = await forge({}, `${jws}${'A'.repeat(1_000_000)}`)
  await refuses(large, /longer than 65536 characters/)
  await refuses('.'.repeat(1_000_000), /longer than/)
  const content = `${'A'.repeat(47_000)}.B.C`
  assert.equal(await decryptJwt(await forge({}, content), keys), content)
})

const shared = new Uint8Array(32)
const foreign: Readonly<Record<string, () => Promise<string>>> = {
  none: async () => withHeader(await forge({}), { alg: 'none', enc: 'A128GCM' }),
  dir: () => forge({ alg: 'dir', enc: 'A256GCM' }, jws, shared),
  A256KW: () => forge({ alg: 'A256KW' }, jws, shared),
  A256GCMKW: () => forge({ alg: 'A256GCMKW' }, jws, shared),
  'RSA-OAEP': () => forge({ alg: 'RSA-OAEP' }, jws, { ...rsa.publicJwk, alg: 'RSA-OAEP' }),
  'RSA-OAEP-512': () =>
    forge({ alg: 'RSA-OAEP-512' }, jws, { ...rsa.publicJwk, alg: 'RSA-OAEP-512' }),
  'ECDH-ES+A192KW': () => forge({ alg: 'ECDH-ES+A192KW' }),
}
for (const [alg, make] of Object.entries(foreign)) {
  test(`JWT-01 refuses alg ${alg}, even where the content could be decrypted`, async () => {
    await refuses(await make(), /alg is/)
  })
}

test('JWT-01 refuses what is no algorithm, in alg and in enc', async () => {
  const jwe = await forge({})
  for (const value of [undefined, null, '', 1, ['ECDH-ES'], 'ecdh-es', 'A128GCM ', 'constructor']) {
    await refuses(withHeader(jwe, { alg: value, enc: 'A128GCM' }), /alg is/)
    await refuses(withHeader(jwe, { alg: 'ECDH-ES', enc: value }), /enc is/)
  }
  await refuses(await forge({ enc: 'A192GCM' }), /enc is "A192GCM"/)
  await refuses(await forge({ enc: 'A192CBC-HS384' }), /enc is "A192CBC-HS384"/)
})

test('JWT-01 the key decides: no key is used with an algorithm of another one', async () => {
  await refuses(await forge({}), /no key of ours is for ECDH-ES/, { readers: [rsa] })
  const toRsa = await forge({ alg: 'RSA-OAEP-256' }, jws, { ...rsa.publicJwk })
  await refuses(toRsa, /no key of ours is for RSA-OAEP-256/, { readers: [ec] })
  const named = await forge({ alg: 'RSA-OAEP-256', kid: ec.kid }, jws, { ...rsa.publicJwk })
  await refuses(named, /no key of ours is for RSA-OAEP-256/)
  const narrow = importDecryptionJwk({
    ...ec.privateKey.export({ format: 'jwk' }),
    alg: 'ECDH-ES+A128KW',
  })
  await refuses(await forge({}), /no key of ours is for ECDH-ES/, { readers: [narrow] })
  await refuses(await forge({}), /no key of ours/, { readers: [] })
})

test('less can be agreed than the keys are for', async () => {
  const jwe = await forge({})
  assert.equal(await decryptJwt(jwe, keys, { alg: ['ECDH-ES'], enc: ['A128GCM'] }), jws)
  const wrapped: readonly KeyManagement[] = ['ECDH-ES+A128KW', 'ECDH-ES+A256KW', 'RSA-OAEP-256']
  await refuses(jwe, /ECDH-ES with A128GCM is not what was agreed/, { alg: wrapped })
  await refuses(jwe, /not what was agreed/, { enc: ['A256GCM'] })
  await refuses(jwe, /not what was agreed/, { alg: [] })
})

test('derives no key from a password, however often it is asked to', async () => {
  const start = process.cpuUsage()
  const header = {
    alg: 'PBES2-HS512+A256KW',
    enc: 'A128GCM',
    p2c: 1_000_000_000,
    p2s: 'AAAAAAAAAAA',
  }
  await refuses(withHeader(await forge({}), header), /the header has p2c/)
  await refuses(withHeader(await forge({}), { ...header, alg: 'ECDH-ES' }), /the header has p2c/)
  await refuses(withHeader(await forge({}), { ...header, p2c: undefined }), /the header has p2s/)
  await refuses(
    withHeader(await forge({}), { ...header, p2c: undefined, p2s: undefined }),
    /alg is/,
  )
  assert.ok(process.cpuUsage(start).user < 1_000_000)
})

test('JWT-05 refuses compression, before it learns what is inside', async () => {
  const bomb = await forge({ zip: 'DEF' }, 'A'.repeat(20_000_000))
  assert.ok(bomb.length < 65_536)
  await refuses(bomb, /the header has zip/)
  await refuses(await forge({ zip: 'DEF' }), /the header has zip/)
  await refuses(withHeader(await forge({}), { alg: 'ECDH-ES', enc: 'A128GCM', zip: '' }), /zip/)
  await refuses(await forge({ zip: 'DEF' }), /the header has zip/, { readers: [rsa] })
})

test('JWT-10 refuses critical extensions', async () => {
  await refuses(await forge({ crit: ['exp'], exp: 1 }), /the header has crit/)
  const header = { alg: 'ECDH-ES', enc: 'A128GCM', crit: [] }
  await refuses(withHeader(await forge({}), header), /the header has crit/)
})

test('JWT-06 refuses a header that two readers could understand in two ways', async () => {
  const jwe = await forge({})
  const json = '{"alg":"ECDH-ES","alg":"ECDH-ES","enc":"A128GCM"}'
  await refuses(withHeader(jwe, json), /a member that occurs twice/)
  await refuses(withHeader(jwe, '["ECDH-ES"]'), /not a JSON object/)
  await refuses(withHeader(jwe, '\uFEFF{"alg":"ECDH-ES"}'), /not a JSON object/)
  await refuses(withHeader(jwe, `{"a":${'['.repeat(100)}${']'.repeat(100)}}`), /deeper than/)
  await refuses(withPart(jwe, 0, `${jwe.split('.')[0]}=`), /the header is not canonical/)
  for (const at of [1, 2, 3, 4]) {
    for (const spoil of ['=', ' ', '+', 'A'.repeat(5 - ((jwe.split('.')[at]?.length ?? 0) % 4))]) {
      await refuses(withPart(jwe, at, `${jwe.split('.')[at]}${spoil}`), /canonical base64url/)
    }
  }
})

test('the content is a JWT, says cty in any case or says nothing', async () => {
  for (const cty of ['JWT', 'jwt', 'Jwt', 'application/jwt']) {
    assert.equal(await decryptJwt(await forge({ cty }), keys), jws)
  }
  const silent = new jose.CompactEncrypt(Buffer.from(jws))
  silent.setProtectedHeader({ alg: 'ECDH-ES', enc: 'A128GCM' })
  assert.equal(await decryptJwt(await silent.encrypt({ ...ec.publicJwk }), keys), jws)
  for (const cty of ['', 'at+jwt', 'JOSE', 'text/plain', 'JWT; charset=utf-8', 'application/']) {
    await refuses(await forge({ cty }), /cty is/)
  }
  const header = { alg: 'ECDH-ES', enc: 'A128GCM', cty: ['JWT'] }
  await refuses(withHeader(await forge({}), header), /cty is \["JWT"\], not JWT/)
})

const [signedHead = '', signedBody = '', signature = ''] = jws.split('.')
for (const [title, content] of Object.entries({
  nothing: '',
  'claims without a signature': '{"iss":"alice","aud":"https://as.example"}',
  'an unsecured JWT': `${signedHead}.${signedBody}.`,
  'a JWT without a header': `.${signedBody}.${signature}`,
  'a detached signature': `${signedHead}..${signature}`,
  'a JWS in JSON': JSON.stringify({ protected: signedHead, payload: signedBody, signature }),
  'a JWT and a line feed': `${jws}\n`,
  'a JWT with padding': `${jws}==`,
  'two JWTs': `${jws} ${jws}`,
  'other characters': `${signedHead}.${signedBody}.é`,
})) {
  test(`JAR-09 refuses to take ${title} out of an encrypted JWT`, async () => {
    await refuses(await forge({}, content), /the content is no signed JWT/)
  })
}

test('JAR-09 refuses an encrypted JWT in an encrypted JWT', async () => {
  await refuses(await forge({}, await forge({})), /the content is no signed JWT/)
})

test('refuses a JWE in which anything is not as it was encrypted', async () => {
  for (const alg of KEY_MANAGEMENT) {
    for (const enc of CONTENT_ENCRYPTION) {
      const jwe = await encryptJwt(jws, { alg, enc, ...publicKeys(...keys) })
      const parts = jwe.split('.').map((part) => Buffer.from(part, 'base64url'))
      const header = jose.decodeProtectedHeader(jwe)
      await refuses(withHeader(jwe, { ...header, typ: 'JWT' }), /no key of ours decrypts it/)
      for (const other of CONTENT_ENCRYPTION.filter((one) => one !== enc)) {
        await refuses(withHeader(jwe, { ...header, enc: other }), /no key of ours decrypts it/)
      }
      for (const [at, part] of parts.entries()) {
        if (at === 0 || part.length === 0) continue
        const flipped = Buffer.from(part)
        flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1
        const spoiled = [flipped, part.subarray(0, -1), part.subarray(0, -4), Buffer.alloc(0)]
        for (const bytes of [...spoiled, Buffer.concat([part, Buffer.alloc(1)])]) {
          await refuses(
            withPart(jwe, at, bytes.toString('base64url')),
            /no key of ours decrypts it/,
          )
        }
      }
    }
  }
})

test('refuses an encrypted key where the content key is agreed on', async () => {
  await refuses(withPart(await forge({}), 1, 'AAAA'), /no key of ours decrypts it/)
})

interface Ephemeral {
  readonly epk: object
  readonly secret: Buffer
}

const sealWith = ({ epk, secret }: Ephemeral): string =>
  seal({ alg: 'ECDH-ES', enc: 'A128GCM', epk }, jws, contentKeyOf({ secret }))

test('JWT-03 refuses a point that is not on the curve, whose multiples an attacker can tell', async () => {
  const odd = oddKey()
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const epk = publicKey.export({ format: 'jwk' })
  const secret = diffieHellman({ privateKey, publicKey: publicKeyOf(odd) })
  assert.equal(await decryptJwt(sealWith({ epk, secret }), [odd]), jws)

  // Of the curve that differs from P-256 in its last coefficient, (x, 0) has the order 2: times an odd number it is itself.
  const x = Buffer.alloc(32, 5)
  const point = { kty: 'EC', crv: 'P-256', x: x.toString('base64url') }
  const offCurve = { ...point, y: Buffer.alloc(32).toString('base64url') }
  await refuses(sealWith({ epk: offCurve, secret: x }), /decrypts it/, { readers: [odd] })
  const zero = Buffer.alloc(32)
  const origin = { ...offCurve, x: zero.toString('base64url') }
  await refuses(sealWith({ epk: origin, secret: zero }), /decrypts it/, { readers: [odd] })
})

function oddKey(): DecryptionKey {
  for (;;) {
    const key = generateEncryptionKey('ECDH-ES')
    const { d = '' } = key.privateKey.export({ format: 'jwk' })
    if (((Buffer.from(d, 'base64url').at(-1) ?? 0) & 1) === 1) return key
  }
}

function publicKeyOf({ publicJwk }: DecryptionKey): KeyObject {
  const [key] = importEncryptionKeys({ keys: [publicJwk] }).keys
  assert.ok(key)
  return key.key
}

test('JWT-03 refuses an X25519 point with which everybody agrees on zero', async () => {
  const { privateKey } = generateKeyPairSync('x25519')
  const reader = importDecryptionJwk(privateKey.export({ format: 'jwk' }))
  const secret = Buffer.alloc(32)
  for (const point of [Buffer.alloc(32), Buffer.from(`01${'00'.repeat(31)}`, 'hex')]) {
    const epk = { kty: 'OKP', crv: 'X25519', x: point.toString('base64url') }
    await refuses(sealWith({ epk, secret }), /decrypts it/, { readers: [reader] })
  }
})

test('JWT-03 refuses an ephemeral key that is missing, private, symmetric or of another curve', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const secret = diffieHellman({ privateKey, publicKey: publicKeyOf(ec) })
  const epk = publicKey.export({ format: 'jwk' })
  const other = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey
  const bad: readonly unknown[] = [undefined, null, 'key', [epk], {}, { ...epk, kty: 'oct' }]
  const privateJwk = privateKey.export({ format: 'jwk' })
  const more = [privateJwk, { ...epk, y: undefined }, { ...epk, crv: 'P-384' }, { ...epk, k: 'AA' }]
  for (const jwk of [...bad, ...more, other.export({ format: 'jwk' })]) {
    const header = { alg: 'ECDH-ES', enc: 'A128GCM', epk: jwk }
    await refuses(seal(header, jws, contentKeyOf({ secret })), /decrypts it/)
  }
})

test('JWT-08 kid is a hint: one that no key has lets a few of those be tried that fit, the newest first', async () => {
  const five = Array.from({ length: 5 }, () => generateEncryptionKey('ECDH-ES'))
  const to = async (at: number, kid?: string): Promise<string> =>
    forge(kid === undefined ? {} : { kid }, jws, { ...five[at]?.publicJwk })
  for (const kid of [undefined, 'of nobody', "' OR 1=1"]) {
    assert.equal(await decryptJwt(await to(3, kid), [rsa, ...five]), jws)
    await refuses(await to(4, kid), /decrypts it/, { readers: [rsa, ...five] })
  }
  assert.equal(await decryptJwt(await to(4, five[4]?.kid), five), jws)
  await refuses(await to(0, five[1]?.kid), /decrypts it/, { readers: five })
  const header = { alg: 'ECDH-ES', enc: 'A128GCM', kid: [ec.kid] }
  await refuses(withHeader(await forge({}), header), /kid is not a string/)
})

test('JWT-08 keys and places of keys in the header count for nothing', async () => {
  const jwk = { ...generateEncryptionKey('ECDH-ES').publicJwk }
  const header = { jwk, jku: 'https://attacker.example/jwks', x5u: 'https://attacker.example/' }
  assert.equal(await decryptJwt(await forge(header), keys), jws)
  await refuses(await forge(header, jws, jwk), /no key of ours decrypts it/)
})

test('agreement information is part of the key, and refused where both parties have the same', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const secret = diffieHellman({ privateKey, publicKey: publicKeyOf(ec) })
  const header = { alg: 'ECDH-ES', enc: 'A128GCM', epk: publicKey.export({ format: 'jwk' }) }
  const sent = { apu: 'QWxpY2U', apv: 'Qm9i' }
  const jwe = seal({ ...header, ...sent }, jws, contentKeyOf({ secret, ...sent }))
  assert.equal(await decryptJwt(jwe, keys), jws)
  await refuses(seal({ ...header, ...sent }, jws, contentKeyOf({ secret })), /decrypts it/)
  const same = { apu: 'Qm9i', apv: 'Qm9i' }
  await refuses(seal({ ...header, ...same }, jws, contentKeyOf({ secret, ...same })), /decrypts it/)
  const wrong = { ...header, apu: ['QWxpY2U'] }
  await refuses(seal(wrong, jws, contentKeyOf({ secret })), /decrypts it/)
})
